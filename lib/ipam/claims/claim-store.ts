/**
 * Reads and writes EipClaims at the API server, and adds each answer to the ledger. Every write is a compare-and-swap against the claim that was judged; a claim that
 * has changed is read again.
 */
import { UNUSED_ANNOTATION } from '../../api/keys.ts';
import { type ClaimHolder, claimAddress, claimName, type EipClaim } from '../../api/skycap/claim.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isConflict, isNotFound } from '../../kube/errors.ts';
import { getOrUndefined } from '../../kube/http/get-or-undefined.ts';
import { EIP_CLAIMS } from '../../kube/resource.ts';
import { type Address, formatAddress } from '../../net/address.ts';
import type { Ledger } from '../choice/ledger.ts';
import type { Source } from '../pools/source.ts';
import { isSameHolder } from './holders-of.ts';

export interface ClaimStoreDeps {
  readonly client: KubeClient;
  readonly ledger: Ledger;
  /** Called for every lost race, for a metric. */
  readonly onConflict?: () => void;
}

/** Rounds in one call. Another component has won each lost round. */
export const MOST_ROUNDS = 64;

export class ClaimStore {
  readonly #deps: ClaimStoreDeps;

  constructor(deps: ClaimStoreDeps) {
    this.#deps = deps;
  }

  /** @throws {KubeError} AlreadyExists if the address is taken. */
  async create(address: Address, source: Source, holder: ClaimHolder, signal?: AbortSignal): Promise<void> {
    const { client, ledger } = this.#deps;
    const claim: EipClaim = {
      apiVersion: 'skycap.io/v1alpha1',
      kind: 'EipClaim',
      metadata: { name: claimName(address) },
      spec: { address: formatAddress(address), ...source, holders: [holder] },
    };
    ledger.apply(await client.create(EIP_CLAIMS, claim, signal && { signal }));
  }

  /** Reads the claim of an address, if the ledger may lag, and updates the ledger. */
  async read(address: Address, signal?: AbortSignal): Promise<EipClaim | undefined> {
    const { client, ledger } = this.#deps;
    const known = ledger.claimOf(address);
    const claim = await getOrUndefined(client, EIP_CLAIMS, { name: claimName(address) }, signal);
    if (claim) ledger.apply(claim);
    // Forgets only the claim known before the request: the watch may have returned a new claim meanwhile.
    else if (known) ledger.forget(address, known.metadata.uid);
    return claim;
  }

  /**
   * Replaces all holders of the claim.
   * @param source the Eip that the address counts to, if it changes.
   * @returns false if the claim has changed meanwhile.
   */
  async replace(
    claim: EipClaim,
    holders: readonly ClaimHolder[],
    { source, signal }: { readonly source?: Source; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<boolean> {
    const { client, ledger } = this.#deps;
    try {
      const changed = { ...claim, spec: { ...claim.spec, ...source, holders } };
      ledger.apply(await client.replace(EIP_CLAIMS, changed, signal && { signal }));
      return true;
    } catch (error) {
      return this.#lostRace(error, claim);
    }
  }

  /**
   * Removes the holder from the claim, and deletes a claim without holders.
   * @param own the holder as it was judged. A holder that was written anew since stays, whoever wrote it: the address may be published by now.
   * @param isUnused the Service was never stored: the claim is annotated before its deletion.
   * @returns false if the claim has no such holder.
   */
  async release(address: Address, own: ClaimHolder, isUnused = false): Promise<boolean> {
    const isReleased = isSameHolder(own);
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const claim = await this.#claimWith(address, isReleased);
      if (!claim) return false;
      const holders = claim.spec.holders.filter((holder) => !isReleased(holder));
      if (holders.length > 0 ? await this.replace(claim, holders) : await this.#delete(claim, address, isUnused))
        return true;
    }
    return false;
  }

  /** The claim of an address, if it has such a holder. The ledger may miss a holder, so its absence is confirmed by a read. */
  async #claimWith(address: Address, isIt: (holder: ClaimHolder) => boolean): Promise<EipClaim | undefined> {
    const known = this.#deps.ledger.claimOf(address);
    if (known?.spec.holders.some(isIt)) return known;
    const claim = await this.read(address);
    return claim?.spec.holders.some(isIt) ? claim : undefined;
  }

  async #delete(claim: EipClaim, address: Address, isUnused: boolean): Promise<boolean> {
    const { client, ledger } = this.#deps;
    try {
      const marked = isUnused ? await client.replace(EIP_CLAIMS, markedUnused(claim)) : claim;
      const { uid, resourceVersion } = marked.metadata;
      const preconditions = { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) };
      await client.delete(EIP_CLAIMS, { name: claimName(address) }, preconditions);
      ledger.forget(address, uid);
      return true;
    } catch (error) {
      return this.#lostRace(error, claim);
    }
  }

  async #lostRace(error: unknown, claim: EipClaim): Promise<false> {
    if (!isConflict(error) && !isNotFound(error)) throw error;
    this.#deps.onConflict?.();
    const address = claimAddress(claim.metadata.name ?? '');
    if (address) await this.read(address);
    return false;
  }
}

function markedUnused(claim: EipClaim): EipClaim {
  const annotations = { ...claim.metadata.annotations, [UNUSED_ANNOTATION]: 'true' };
  return { ...claim, metadata: { ...claim.metadata, annotations } };
}
