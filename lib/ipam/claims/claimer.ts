/**
 * Turns a choice into claims: create = lock, 409 = taken, choose again (the flow of Kubernetes' own `ipallocator`).
 *
 * The ledger may lag behind the API server, so a choice is only an offer until the EipClaim is written. Each lost race teaches the ledger one
 * address more, hence every round ends or makes progress. Whatever fails half-way leaves claims with an unbound holder, which the
 * allocator collects after the grace period.
 */

import type { Eip } from '../../api/eip/eip.ts';
import { type AddressRequest, requests } from '../../api/service/address-request.ts';
import { allPorts, type ClaimHolder, type ClaimPort } from '../../api/skycap/claim.ts';
import { isAlreadyExists } from '../../kube/errors.ts';
import { type Address, sameAddress } from '../../net/address.ts';
import { type Choice, type ChooseInput, choose, type Given } from '../choice/choose.ts';
import { sourceOf } from '../pools/source.ts';
import { ClaimStore, type ClaimStoreDeps, MOST_ROUNDS } from './claim-store.ts';
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

export interface ClaimerDeps<C extends ClaimRequest = ClaimRequest> extends ClaimStoreDeps {
  /** Gathers everything but the claimant's own part; asked anew in every round, synchronously. */
  readonly chooseInput: (claimRequest: C) => ChooseInput;
  /** Where others choose at the same time. */
  readonly contention?: Contention;
}

/** After a 409 the watch tells of the claim within moments; if it does not, the address may be tried again after this. */
const LATEST_NEWS_MS = 5_000;

/** A wish lost more races than one call may take; the allocator goes on from there. */
const CONTENDED: Choice = {
  kind: 'pending',
  keeps: [],
  reason: 'AddressInUse',
  message: 'other Services took every address that was tried; Skycap goes on trying',
};

/** @typeParam C what the owner's `chooseInput` needs of a ClaimRequest beyond what is needed here. */
export class Claimer<C extends ClaimRequest = ClaimRequest> {
  readonly claims: ClaimStore;
  readonly #deps: ClaimerDeps<C>;

  constructor(deps: ClaimerDeps<C>) {
    this.#deps = deps;
    this.claims = new ClaimStore(deps);
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
    const { ledger, contention, onConflict } = this.#deps;
    const unreserve = ledger.reserve(address);
    try {
      await this.claims.create(address, sourceOf(eip), holder, signal);
      return true;
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      onConflict?.();
      // It is enough to know that it is taken, unless the claimant wants this very address, would share it, or may have it itself.
      if (minds(claimRequest, address)) await this.claims.read(address, signal);
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
    return this.claims.replace(claim, [...others, holder], { signal });
  }

  /** What this call claimed was claimed for a wish that is not met: with RequireDualStack one family alone is of no use. */
  async #giveBack(claimed: readonly Address[], claimRequest: C): Promise<void> {
    for (const address of claimed) {
      await this.claims.release(address, (holder) => holder.token === claimRequest.holder.token);
    }
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
