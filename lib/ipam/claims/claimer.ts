/**
 * Turns a choice into claims: create = lock, 409 = taken, choose again (the flow of Kubernetes' own `ipallocator`).
 *
 * The ledger may lag behind the API server, so a choice is only an offer until the EipClaim is written. Each lost race teaches the ledger one
 * address more, hence every round ends or makes progress. Whatever fails half-way leaves claims with an unbound holder, which the
 * allocator collects after the grace period.
 */

import { getOrUndefined } from '../../../lib/kube/http/get-or-undefined.ts';
import type { Eip } from '../../api/eip/eip.ts';
import { type AddressRequest, requests } from '../../api/service/address-request.ts';
import {
  allPorts,
  type ClaimHolder,
  type ClaimPort,
  claimAddress,
  claimName,
  type EipClaim,
} from '../../api/skycap/claim.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../kube/errors.ts';
import { EIP_CLAIMS } from '../../kube/resource.ts';
import { type Address, formatAddress, sameAddress } from '../../net/address.ts';
import { type Choice, type ChooseInput, choose, type Given } from '../choice/choose.ts';
import type { Ledger } from '../choice/ledger.ts';
import { sourceOf } from '../pools/source.ts';
import type { Contention } from './contention.ts';
import { mergeInFlight } from './merge-in-flight.ts';

export interface ClaimRequest {
  readonly addressRequest: AddressRequest;
  /** The holder entry to write, but for what it says of the very address. */
  readonly holder: ClaimHolder;
  /** What the stored Service publishes. */
  readonly published: readonly Address[];
  readonly former: readonly Address[];
  /**
   * Addresses whose entry may be left as it is, since the stored Service shows them. Any other entry of the Service's may be taken for left over by the
   * allocator in this very moment, so it is written anew, if only for its time: one of the two writes fails then.
   */
  readonly stored: readonly Address[];
  /**
   * The Service is being changed, and the change may still fail: an entry that it has already stays right for both (`merge-in-flight.ts`). An address
   * that it takes anew is not used before the change is stored, so there what is present is nobody's business.
   */
  readonly isUnconfirmed?: boolean;
  /** See {@link ChooseInput.asksAsBefore}. */
  readonly asksAsBefore?: boolean;
  /** See {@link ChooseInput.portsBefore}. */
  readonly portsBefore?: readonly ClaimPort[];
}

export interface ClaimerDeps<C extends ClaimRequest = ClaimRequest> {
  readonly client: KubeClient;
  readonly ledger: Ledger;
  /** Gathers everything but the claimant's own part; asked anew in every round, synchronously. */
  readonly chooseInput: (claimRequest: C) => ChooseInput;
  /** Where others choose at the same time. */
  readonly contention?: Contention;
  /** Told of every lost race, for a metric. */
  readonly onConflict?: () => void;
}

/** Rounds in one call; each lost one was won by somebody else, so this bounds the patience, not the pool. */
const MOST_ROUNDS = 64;

/** After a 409 the watch tells of the claim within moments; if it does not, the address may be tried again after this. */
const LATEST_NEWS_MS = 5_000;

/** A wish lost more races than one call may take; the allocator goes on from there. */
const CONTENDED: Choice = {
  kind: 'pending',
  keeps: [],
  reason: 'AddressInUse',
  message: 'other Services took every address that was tried; Skycap goes on trying',
};

/** @typeParam C what the owner's `situation` wants to know of a claimant beyond what is needed here. */
export class Claimer<C extends ClaimRequest = ClaimRequest> {
  readonly #deps: ClaimerDeps<C>;

  constructor(deps: ClaimerDeps<C>) {
    this.#deps = deps;
  }

  /** What {@link assign} would give now, without writing anything: for a dry run. */
  preview(claimRequest: C): Choice {
    const { chooseInput, contention } = this.#deps;
    const passOver = contention && ((eipName: string) => contention.passOver(eipName));
    return choose(claimRequest.addressRequest, { ...chooseInput(claimRequest), ...(passOver && { passOver }) });
  }

  /**
   * Chooses and claims. On return every `given` has a claim with this holder in it, up to date.
   *
   * @param signal ends it with its reason; what was claimed by then stays for the allocator to find.
   * @throws {KubeError} when the API server refuses for another reason than a race.
   */
  async assign(claimRequest: C, signal?: AbortSignal): Promise<Choice> {
    const claimed: Address[] = [];
    for (let round = 0; round < MOST_ROUNDS; round++) {
      signal?.throwIfAborted();
      const choice = this.preview(claimRequest);
      if (choice.kind !== 'assigned') {
        await this.#giveBack(claimed, claimRequest);
        return { ...choice, keeps: choice.keeps.filter(isNoneOf(claimed)) };
      }
      if (await this.#claimAll(choice.given, claimRequest, claimed, signal)) return choice;
    }
    await this.#giveBack(claimed, claimRequest);
    return CONTENDED;
  }

  /**
   * Takes an address that the claimant publishes without a claim, alone or beside those who hold it: it was its own before.
   *
   * @param eip the one that has it; without one there must be a claim to join.
   * @returns whether the claimant is in the claim now.
   */
  async retake(address: Address, eip: Eip | undefined, claimRequest: C, signal?: AbortSignal): Promise<boolean> {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      signal?.throwIfAborted();
      const claim = this.#deps.ledger.claimOf(address);
      if (!claim && !eip) return false;
      // Somebody else has seen to it, by what he knows of the Service.
      if (claim?.spec.holders.some(this.#deps.chooseInput(claimRequest).isSelf)) return true;
      const isTaken =
        claim || !eip
          ? await this.#join({ address }, claimRequest, signal)
          : await this.#create({ address, eip }, claimRequest, signal);
      if (isTaken) return true;
    }
    return false;
  }

  /**
   * Takes the holder out of the claim, and deletes the claim with its last one. Compare-and-swap: a claim that changed meanwhile is read again.
   *
   * @param isReleased says which holder is to go, asked anew for each version read.
   */
  async release(address: Address, isReleased: (holder: ClaimHolder) => boolean): Promise<void> {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const claim = await this.#claimWith(address, isReleased);
      if (!claim) return;
      const holders = claim.spec.holders.filter((holder) => !isReleased(holder));
      if (holders.length > 0 ? await this.#replace(claim, holders) : await this.#delete(claim, address)) return;
    }
  }

  /** Writes `holder` in place of all that are in it. @returns false when the claim has changed meanwhile. */
  takeOver(claim: EipClaim, holder: ClaimHolder, signal?: AbortSignal): Promise<boolean> {
    return this.#replace(claim, [holder], signal);
  }

  /** Writes these in place of all that are in it. @returns false when the claim has changed meanwhile. */
  rewrite(claim: EipClaim, holders: readonly ClaimHolder[], signal?: AbortSignal): Promise<boolean> {
    return this.#replace(claim, holders, signal);
  }

  /** Writes `holder` in place of the one that `isReplaced` names. @returns false when the claim is gone. */
  async refresh(address: Address, holder: ClaimHolder, isReplaced: (holder: ClaimHolder) => boolean): Promise<boolean> {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const claim = await this.#claimWith(address, isReplaced);
      if (!claim) return false;
      const holders = claim.spec.holders.map((present) => (isReplaced(present) ? holder : present));
      if (await this.#replace(claim, holders)) return true;
    }
    return false;
  }

  /** The claim of an address, if such a holder is in it. That one is in it the ledger may be believed; that none is, it may have missed. */
  async #claimWith(address: Address, isIt: (holder: ClaimHolder) => boolean): Promise<EipClaim | undefined> {
    const known = this.#deps.ledger.claimOf(address);
    if (known?.spec.holders.some(isIt)) return known;
    const claim = await this.read(address);
    return claim?.spec.holders.some(isIt) ? claim : undefined;
  }

  /** Asks the API server for the claim of an address, where the ledger may lag, and tells the ledger. */
  async read(address: Address, signal?: AbortSignal): Promise<EipClaim | undefined> {
    const { client, ledger } = this.#deps;
    const known = ledger.claimOf(address);
    const claim = await getOrUndefined(client, EIP_CLAIMS, { name: claimName(address) }, signal);
    if (claim) ledger.apply(claim);
    // Only what was known before the question: the watch may have told of a new one while the answer was on its way.
    else if (known) ledger.forget(address, known.metadata.uid);
    return claim;
  }

  /** Both families at the same time. @returns whether all were won; those that were are in `claimed`. */
  async #claimAll(
    given: readonly Given[],
    claimRequest: C,
    claimed: Address[],
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const claims = given.map(async (one) => {
      const won =
        one.how === 'free'
          ? await this.#create(one, claimRequest, signal)
          : await this.#join(one, claimRequest, signal);
      if (won && one.how !== 'held') claimed.push(one.address);
      return won;
    });
    await Promise.allSettled(claims);
    return (await Promise.all(claims)).every((won) => won);
  }

  async #create(
    { address, eip }: Pick<Given, 'address' | 'eip'>,
    claimRequest: C,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const holder = entryAt(address, claimRequest);
    const { client, ledger, contention, onConflict } = this.#deps;
    const unreserve = ledger.reserve(address);
    try {
      const claim: EipClaim = {
        apiVersion: 'skycap.io/v1alpha1',
        kind: 'EipClaim',
        metadata: { name: claimName(address) },
        spec: { address: formatAddress(address), ...sourceOf(eip), holders: [holder] },
      };
      ledger.apply(await client.create(EIP_CLAIMS, claim, signal && { signal }));
      return true;
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      onConflict?.();
      // It is enough to know that it is taken, unless the claimant wants this very address, would share it, or may have it itself.
      if (minds(claimRequest, address)) await this.read(address, signal);
      else {
        contention?.lost(eip.name);
        setTimeout(ledger.reserve(address), LATEST_NEWS_MS).unref();
      }
      return false;
    } finally {
      unreserve();
    }
  }

  /** Puts the holder into a claim that exists, in place of an older entry of the same Service; no write where nothing changes. */
  async #join({ address }: Pick<Given, 'address'>, claimRequest: C, signal?: AbortSignal): Promise<boolean> {
    const claim = this.#deps.ledger.claimOf(address);
    if (!claim) return false;
    const { isSelf } = this.#deps.chooseInput(claimRequest);
    const own = claim.spec.holders.find(isSelf);
    const isStored = claimRequest.stored.some((one) => sameAddress(one, address));
    const holder = renewed(own, entryAt(address, claimRequest, own), isStored);
    if (holder === own) return true;
    const others = claim.spec.holders.filter((present) => !isSelf(present));
    return this.#replace(claim, [...others, holder], signal);
  }

  /** What this call claimed was claimed for a wish that is not met: with RequireDualStack one family alone is of no use. */
  async #giveBack(claimed: readonly Address[], claimRequest: C): Promise<void> {
    for (const address of claimed) {
      await this.release(address, (holder) => holder.token === claimRequest.holder.token);
    }
  }

  async #replace(claim: EipClaim, holders: readonly ClaimHolder[], signal?: AbortSignal): Promise<boolean> {
    const { client, ledger } = this.#deps;
    try {
      const changed = { ...claim, spec: { ...claim.spec, holders } };
      ledger.apply(await client.replace(EIP_CLAIMS, changed, signal && { signal }));
      return true;
    } catch (error) {
      return this.#lostRace(error, claim);
    }
  }

  async #delete(claim: EipClaim, address: Address): Promise<boolean> {
    const { uid, resourceVersion } = claim.metadata;
    try {
      await this.#deps.client.delete(
        EIP_CLAIMS,
        { name: claimName(address) },
        { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) },
      );
      this.#deps.ledger.forget(address, uid);
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

/**
 * The entry that should stand in the claim: `own` itself where nothing is new. A repeated review (same token) does not lose the uid it was
 * bound to, nor its age where the Service is stored with it; another token means another life of the Service, and the entry starts anew.
 */
function renewed(own: ClaimHolder | undefined, next: ClaimHolder, isStored: boolean): ClaimHolder {
  if (!own || own.token !== next.token) return next;
  const name = next.name ?? own.name;
  const uid = next.uid ?? own.uid;
  const since = isStored ? own.since : next.since;
  const merged: ClaimHolder = { ...next, ...(name && { name }), ...(uid && { uid }), since };
  return JSON.stringify(sorted(merged)) === JSON.stringify(sorted(own)) ? own : merged;
}

/** Where a change may still fail, the entry of an address that the Service has already is right for it as it is, too. */
function entryAt(
  address: Address,
  { holder, addressRequest, published, isUnconfirmed, portsBefore = [] }: ClaimRequest,
  own?: ClaimHolder,
): ClaimHolder {
  const entry = requests(addressRequest, address) ? { ...holder, requested: true } : holder;
  if (!isUnconfirmed) return entry;
  if (own) return mergeInFlight(own, entry);
  const isThere = published.some((one) => sameAddress(one, address));
  return isThere ? { ...entry, ports: allPorts(entry.ports, portsBefore), changing: true } : entry;
}

/** Whether it matters to the claimant who has the address. */
function minds({ addressRequest, former }: ClaimRequest, address: Address): boolean {
  return (
    addressRequest.sharingKey !== undefined ||
    [...addressRequest.addresses, ...former].some((other) => sameAddress(other, address))
  );
}

function isNoneOf(claimed: readonly Address[]): (given: Given) => boolean {
  return ({ address }) => !claimed.some((other) => sameAddress(other, address));
}

function sorted(holder: ClaimHolder): [string, unknown][] {
  return Object.entries(holder)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
