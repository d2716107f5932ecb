/**
 * Turns a choice into claims: creating is the lock, a 409 means taken, and the address is chosen again (as in Kubernetes' own `ipallocator`).
 *
 * The ledger may lag behind the API server, so a choice is an offer until the EipClaim is written. Each lost race adds an address to the ledger, so each round ends or
 * makes progress. After a failure, claims with an unbound holder may remain, which the allocator collects after the grace period.
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
import { beginOf } from './holder-entry.ts';
import { mergeInFlight } from './merge-in-flight.ts';

export interface ClaimRequest {
  readonly addressRequest: AddressRequest;
  /** The holder to write, without the fields that depend on the address. */
  readonly holder: ClaimHolder;
  /** The addresses that the stored Service publishes. */
  readonly published: readonly Address[];
  readonly former: readonly Address[];
  /**
   * Addresses that the stored Service shows; their holders may stay as they are. The allocator may be about to release any other holder of the Service, so that holder
   * is rewritten, even if only `since` changes: one of the two writes then fails.
   */
  readonly stored: readonly Address[];
  /**
   * An update of the Service is under way and may fail: an existing holder stays right for both versions (`merge-in-flight.ts`). An address that the update adds is not
   * used before the update is stored.
   */
  readonly isUnconfirmed?: boolean;
  /** See {@link ChooseInput.asksAsBefore}. */
  readonly asksAsBefore?: boolean;
  /** See {@link ChooseInput.portsBefore}. */
  readonly portsBefore?: readonly ClaimPort[];
}

export interface ClaimerDeps<C extends ClaimRequest = ClaimRequest> extends ClaimStoreDeps {
  /** Gathers all input but the request's own, synchronously, in every round. */
  readonly chooseInput: (claimRequest: C) => ChooseInput;
  /** For components that choose at the same time as others. */
  readonly contention?: Contention;
}

/** An address and the holder that this call wrote for it. */
interface Claimed {
  readonly address: Address;
  readonly holder: ClaimHolder;
}

/** After a 409 the watch returns the claim within moments. After this time, the address may be tried again. */
const LATEST_NEWS_MS = 5_000;

/** The request lost more races than one call may; the allocator continues. */
const CONTENDED: Choice = {
  kind: 'pending',
  keeps: [],
  reason: 'AddressInUse',
  message: 'other Services took every address that was tried; Skycap goes on trying',
};

/** @typeParam C the request with the fields that `chooseInput` needs. */
export class Claimer<C extends ClaimRequest = ClaimRequest> {
  readonly claims: ClaimStore;
  readonly #deps: ClaimerDeps<C>;

  constructor(deps: ClaimerDeps<C>) {
    this.#deps = deps;
    this.claims = new ClaimStore(deps);
  }

  /** The result of {@link assign}, without any write: for a dry run. */
  preview(claimRequest: C): Choice {
    const { chooseInput, contention } = this.#deps;
    const passOver = contention && ((eipName: string) => contention.passOver(eipName));
    return choose(claimRequest.addressRequest, { ...chooseInput(claimRequest), ...(passOver && { passOver }) });
  }

  /**
   * Chooses and claims. On return, every given address has a claim with this holder.
   * @param signal ends the call; the allocator finds the addresses claimed by then.
   * @throws {KubeError} if the API server refuses for another reason than a race.
   */
  async assign(claimRequest: C, signal?: AbortSignal): Promise<Choice> {
    const claimed: Claimed[] = [];
    for (let round = 0; round < MOST_ROUNDS; round++) {
      signal?.throwIfAborted();
      const choice = this.preview(claimRequest);
      if (choice.kind !== 'assigned') {
        await this.#giveBack(claimed);
        return { ...choice, keeps: choice.keeps.filter(isNoneOf(claimed)) };
      }
      if (await this.#claimAll(choice.given, claimRequest, claimed, signal)) return choice;
    }
    await this.#giveBack(claimed);
    return CONTENDED;
  }

  /**
   * Claims an address that the Service publishes without a claim, alone or beside other holders.
   * @param eip that has the address; without it, a claim must exist.
   * @returns whether the Service is a holder now. If another Service has claimed a free address meanwhile, the caller decides anew: by an older state of this
   * Service, it would join an address that this Service has left.
   */
  async retake(address: Address, eip: Eip | undefined, claimRequest: C, signal?: AbortSignal): Promise<boolean> {
    const wasHeld = this.#deps.ledger.claimOf(address) !== undefined;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      signal?.throwIfAborted();
      const claim = this.#deps.ledger.claimOf(address);
      if (!claim && !eip) return false;
      // Another component has added the holder.
      if (claim?.spec.holders.some(this.#deps.chooseInput(claimRequest).isSelf)) return true;
      if (claim && !wasHeld) return false;
      const holder =
        claim || !eip
          ? await this.#join({ address }, claimRequest, signal)
          : await this.#create({ address, eip }, claimRequest, signal);
      if (holder) return true;
    }
    return false;
  }

  /** Claims both families at the same time. @returns whether all were won; the won ones are in `claimed`. */
  async #claimAll(
    given: readonly Given[],
    claimRequest: C,
    claimed: Claimed[],
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const claims = given.map(async (one) => {
      const holder =
        one.how === 'free'
          ? await this.#create(one, claimRequest, signal)
          : await this.#join(one, claimRequest, signal);
      if (holder && one.how !== 'held') claimed.push({ address: one.address, holder });
      return holder !== undefined;
    });
    await Promise.allSettled(claims);
    return (await Promise.all(claims)).every((won) => won);
  }

  /** @returns the holder as written; undefined if the address is taken. */
  async #create(
    { address, eip }: Pick<Given, 'address' | 'eip'>,
    claimRequest: C,
    signal?: AbortSignal,
  ): Promise<ClaimHolder | undefined> {
    const holder = entryAt(address, claimRequest);
    const { ledger, contention, onConflict } = this.#deps;
    const unreserve = ledger.reserve(address);
    try {
      await this.claims.create(address, sourceOf(eip), holder, signal);
      return holder;
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      onConflict?.();
      // The claim itself matters only if the Service requests this address, may share it, or may be its holder.
      if (minds(claimRequest, address)) await this.claims.read(address, signal);
      else {
        contention?.lost(eip.name);
        setTimeout(ledger.reserve(address), LATEST_NEWS_MS).unref();
      }
      return undefined;
    } finally {
      unreserve();
    }
  }

  /**
   * Adds the holder to an existing claim, in place of an older holder of the Service; no write if nothing changes.
   * @returns the holder as it is in the claim; undefined if the claim has changed meanwhile.
   */
  async #join(
    { address }: Pick<Given, 'address'>,
    claimRequest: C,
    signal?: AbortSignal,
  ): Promise<ClaimHolder | undefined> {
    const claim = this.#deps.ledger.claimOf(address);
    if (!claim) return undefined;
    const { isSelf } = this.#deps.chooseInput(claimRequest);
    const own = claim.spec.holders.find(isSelf);
    const isStored = claimRequest.stored.some((one) => sameAddress(one, address));
    const holder = renewed(own, entryAt(address, claimRequest, own), isStored);
    if (holder === own) return own;
    const others = claim.spec.holders.filter((present) => !isSelf(present));
    return (await this.claims.replace(claim, [...others, holder], { signal })) ? holder : undefined;
  }

  /** Releases the addresses that this call claimed for a request that is not fulfilled: with RequireDualStack one family alone is useless. */
  async #giveBack(claimed: readonly Claimed[]): Promise<void> {
    for (const { address, holder } of claimed) await this.claims.release(address, holder);
  }
}

/**
 * The holder to write: `own` itself if nothing changes. A repeated review (same token) keeps the UID, and `since` if the Service is stored with the holder; another
 * token starts the holder anew.
 */
function renewed(own: ClaimHolder | undefined, next: ClaimHolder, isStored: boolean): ClaimHolder {
  if (!own || own.token !== next.token) return next;
  const name = next.name ?? own.name;
  const uid = next.uid ?? own.uid;
  const begin = isStored ? beginOf(own) : {};
  const merged: ClaimHolder = { ...next, ...(name && { name }), ...(uid && { uid }), ...begin };
  return JSON.stringify(sorted(merged)) === JSON.stringify(sorted(own)) ? own : merged;
}

/** The holder at the address. While an update may fail, an existing holder is right for both versions. */
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

/** Whether the request depends on the holders of the address. */
function minds({ addressRequest, former }: ClaimRequest, address: Address): boolean {
  return (
    addressRequest.sharingKey !== undefined ||
    [...addressRequest.addresses, ...former].some((other) => sameAddress(other, address))
  );
}

function isNoneOf(claimed: readonly Claimed[]): (given: Given) => boolean {
  return (given) => !claimed.some(({ address }) => sameAddress(given.address, address));
}

function sorted(holder: ClaimHolder): [string, unknown][] {
  return Object.entries(holder)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
