/**
 * Turns a choice into claims: create = lock, 409 = taken, choose again (the flow of Kubernetes' own `ipallocator`).
 *
 * The ledger may lag behind the API server, so a choice is only an offer until the EipClaim is written. Each lost race teaches the ledger one
 * address more, hence every round ends or makes progress. Whatever fails half-way leaves claims with an unbound holder, which the
 * allocator collects after the grace period.
 */
import { type ClaimHolder, claimAddress, claimName, type EipClaim } from '../api/claim.ts';
import type { Wants } from '../api/wants.ts';
import type { KubeClient } from '../kube/client.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../kube/errors.ts';
import { EIP_CLAIMS } from '../kube/resource.ts';
import { type Address, formatAddress } from '../net/address.ts';
import { type Choice, choose, type Given, type Situation } from './choose.ts';
import type { Ledger } from './ledger.ts';

export interface Claimant {
  readonly wants: Wants;
  /** The holder entry to write. */
  readonly holder: ClaimHolder;
  readonly former: readonly Address[];
}

export interface ClaimerDeps {
  readonly client: KubeClient;
  readonly ledger: Ledger;
  /** Gathers everything but the claimant's own part; asked anew in every round, synchronously. */
  readonly situation: (claimant: Claimant) => Situation;
}

/** Rounds in one call; each lost one was won by somebody else, so this bounds the patience, not the pool. */
const MOST_ROUNDS = 64;

/** A wish lost more races than one call may take; the allocator goes on from there. */
const CONTENDED: Choice = {
  kind: 'pending',
  keeps: [],
  reason: 'AddressInUse',
  message: 'other Services took every address that was tried; Skycap goes on trying',
};

export class Claimer {
  readonly #deps: ClaimerDeps;

  constructor(deps: ClaimerDeps) {
    this.#deps = deps;
  }

  /** What {@link assign} would give now, without writing anything: for a dry run. */
  preview(claimant: Claimant): Choice {
    return choose(claimant.wants, this.#deps.situation(claimant));
  }

  /**
   * Chooses and claims. On return every `given` has a claim with this holder in it, up to date.
   *
   * @param signal ends the search between rounds; what was claimed for a need that stays unmet is given back.
   * @throws {KubeError} when the API server refuses for another reason than a race.
   */
  async assign(claimant: Claimant, signal?: AbortSignal): Promise<Choice> {
    const claimed: Address[] = [];
    for (let round = 0; round < MOST_ROUNDS && !signal?.aborted; round++) {
      const choice = this.preview(claimant);
      if (choice.kind !== 'assigned') {
        await this.#giveBack(claimed, claimant, choice.kind === 'pending' ? choice.keeps : []);
        return choice;
      }
      if (await this.#claimAll(choice.given, claimant, claimed)) return choice;
    }
    await this.#giveBack(claimed, claimant, []);
    return CONTENDED;
  }

  /**
   * Takes the holder out of the claim, and deletes the claim with its last one. Compare-and-swap: a claim that changed meanwhile is read again.
   *
   * @param isReleased says which holder is to go, asked anew for each version read.
   */
  async release(address: Address, isReleased: (holder: ClaimHolder) => boolean): Promise<void> {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const claim = this.#deps.ledger.claimOf(address) ?? (await this.#read(address));
      if (!claim?.spec.holders.some(isReleased)) return;
      const holders = claim.spec.holders.filter((holder) => !isReleased(holder));
      if (holders.length > 0 ? await this.#replace(claim, holders) : await this.#delete(claim, address)) return;
    }
  }

  /** Writes `holder` in place of the one that `isReplaced` names. @returns false when the claim is gone. */
  async refresh(address: Address, holder: ClaimHolder, isReplaced: (holder: ClaimHolder) => boolean): Promise<boolean> {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const claim = this.#deps.ledger.claimOf(address) ?? (await this.#read(address));
      if (!claim?.spec.holders.some(isReplaced)) return false;
      const holders = claim.spec.holders.map((present) => (isReplaced(present) ? holder : present));
      if (await this.#replace(claim, holders)) return true;
    }
    return false;
  }

  async #claimAll(given: readonly Given[], claimant: Claimant, claimed: Address[]): Promise<boolean> {
    for (const one of given) {
      const won = one.how === 'free' ? await this.#create(one, claimant.holder) : await this.#join(one, claimant);
      if (!won) return false;
      if (one.how !== 'held') claimed.push(one.address);
    }
    return true;
  }

  async #create({ address, eip }: Given, holder: ClaimHolder): Promise<boolean> {
    const { client, ledger } = this.#deps;
    const unreserve = ledger.reserve(address);
    try {
      const claim: EipClaim = {
        apiVersion: 'skycap.io/v1alpha1',
        kind: 'EipClaim',
        metadata: { name: claimName(address) },
        spec: { address: formatAddress(address), eip: eip.name, holders: [holder] },
      };
      ledger.apply(await client.create(EIP_CLAIMS, claim));
      return true;
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      await this.#read(address);
      return false;
    } finally {
      unreserve();
    }
  }

  /** Puts the holder into a claim that exists, in place of an older entry of the same Service; no write where nothing changes. */
  async #join({ address }: Given, claimant: Claimant): Promise<boolean> {
    const claim = this.#deps.ledger.claimOf(address);
    if (!claim) return false;
    const { isSelf } = this.#deps.situation(claimant);
    const own = claim.spec.holders.find(isSelf);
    const holder = renewed(own, claimant.holder);
    if (holder === own) return true;
    const others = claim.spec.holders.filter((present) => !isSelf(present));
    return this.#replace(claim, [...others, holder]);
  }

  async #giveBack(claimed: readonly Address[], claimant: Claimant, keeps: readonly Given[]): Promise<void> {
    for (const address of claimed) {
      if (keeps.some((given) => given.address.value === address.value && given.address.family === address.family))
        continue;
      await this.release(address, (holder) => holder.token === claimant.holder.token);
    }
  }

  async #replace(claim: EipClaim, holders: readonly ClaimHolder[]): Promise<boolean> {
    const { client, ledger } = this.#deps;
    try {
      ledger.apply(await client.replace(EIP_CLAIMS, { ...claim, spec: { ...claim.spec, holders } }));
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
    const address = claimAddress(claim.metadata.name ?? '');
    if (address) await this.#read(address);
    return false;
  }

  /** Brings the ledger up to date for one address. */
  async #read(address: Address): Promise<EipClaim | undefined> {
    const { client, ledger } = this.#deps;
    try {
      const claim = await client.get(EIP_CLAIMS, { name: claimName(address) });
      ledger.apply(claim);
      return claim;
    } catch (error) {
      if (!isNotFound(error)) throw error;
      ledger.forget(address);
      return undefined;
    }
  }
}

/**
 * The entry that should stand in the claim: `own` itself where nothing is new. A repeated review (same token) loses neither the uid it was
 * bound to nor its age; another token means another life of the Service, and the entry starts anew.
 */
function renewed(own: ClaimHolder | undefined, next: ClaimHolder): ClaimHolder {
  if (!own || own.token !== next.token) return next;
  const name = next.name ?? own.name;
  const uid = next.uid ?? own.uid;
  const merged: ClaimHolder = { ...next, ...(name && { name }), ...(uid && { uid }), since: own.since };
  return JSON.stringify(sorted(merged)) === JSON.stringify(sorted(own)) ? own : merged;
}

function sorted(holder: ClaimHolder): [string, unknown][] {
  return Object.entries(holder)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
