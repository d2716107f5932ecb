/**
 * Finds Services that wait for each other: each keeps an address that another of them requests, so that none of them would ever move. PURE.
 *
 * The search assumes that all of them move, one after the other: where one arrives, the Services that can't share the address with it must move as well, until none is
 * in the way. `choose` of `lib/ipam` gives each Service its address, by claims without those that wait.
 */

import type { AddressRequest } from '../../lib/api/service/address-request.ts';
import type { ClaimHolder, EipClaim } from '../../lib/api/skycap/claim.ts';
import { type ChooseInput, choose, type Given } from '../../lib/ipam/choice/choose.ts';
import type { Taken } from '../../lib/ipam/choice/ledger.ts';
import { mayShare } from '../../lib/ipam/choice/sharing.ts';
import { type Address, addressOf, sameAddress } from '../../lib/net/address.ts';
import { type AddressRange, rangeContains } from '../../lib/net/range.ts';

/** A Service that has an address and waits for another. */
export interface Mover {
  readonly key: string;
  readonly addressRequest: AddressRequest;
  readonly chooseInput: ChooseInput;
  /** As it would stand in a claim. */
  readonly holder: ClaimHolder;
}

export interface Move {
  readonly mover: Mover;
  /** `held` are those that it has or has reserved. */
  readonly given: readonly Given[];
}

/** The Services that have an address and wait for another. */
export interface Movers {
  of(holder: ClaimHolder): Mover | undefined;
  all(): Iterable<Mover>;
}

/** More of them are not looked at. */
const MOST_MOVES = 32;

/**
 * @returns how `start` gets what it asks for, and all others who are in the way as well; undefined where one of them would have nowhere to go.
 */
export function findExchange(start: Mover, movers: Movers): readonly Move[] | undefined {
  const staying = new Set<string>();
  const leaving: Movers = {
    of: (holder) => {
      const mover = movers.of(holder);
      return mover && !staying.has(mover.key) ? mover : undefined;
    },
    all: () => movers.all(),
  };
  for (;;) {
    const moves = new Moves(start, leaving);
    const stuck = moves.complete();
    if (!stuck) return moves.all;
    if (stuck === start.key || staying.size === MOST_MOVES) return undefined;
    staying.add(stuck);
  }
}

/** The Service that leaves first, once all have their reservations: one whose address another of them takes. Of several it is always the same. */
export function firstToLeave(moves: readonly Move[]): Mover | undefined {
  const isReserved = moves.every(({ given }) => given.every(({ how }) => how === 'held'));
  if (!isReserved) return undefined;
  const arrivals = moves.flatMap((move) => arrivalsOf(move).map((address) => ({ key: move.mover.key, address })));
  return moves
    .filter((move) =>
      leftBy(move).some((left) =>
        arrivals.some(({ key, address }) => key !== move.mover.key && sameAddress(left, address)),
      ),
    )
    .map(({ mover }) => mover)
    .sort((a, b) => (a.key < b.key ? -1 : 1))[0];
}

/** The established addresses that a Mover gives up. A Mover keeps its address of a family in which the Move gives nothing. */
export function leftBy({ mover, given }: Move): readonly Address[] {
  return mover.chooseInput.established.filter(
    ({ family, value }) =>
      given.some(({ address }) => address.family === family) &&
      !given.some(({ address }) => sameAddress(address, { family, value })),
  );
}

function arrivalsOf({ mover, given }: Move): readonly Address[] {
  return given.flatMap(({ address }) =>
    mover.chooseInput.established.some((one) => sameAddress(one, address)) ? [] : [address],
  );
}

class Moves {
  readonly all: Move[] = [];
  readonly #queue: Mover[];
  readonly #movers: Movers;

  constructor(start: Mover, movers: Movers) {
    this.#queue = [start];
    this.#movers = movers;
  }

  /** @returns the key of a Service that can't move; undefined once none is in the way of another. */
  complete(): string | undefined {
    for (let mover = this.#queue.shift(); mover; mover = this.#queue.shift()) {
      if (!this.#place(mover) || this.all.length > MOST_MOVES) return mover.key;
    }
    return undefined;
  }

  #place(mover: Mover): boolean {
    const taken = new Vacated(mover, this.all, this.#movers);
    const choice = choose(mover.addressRequest, { ...mover.chooseInput, taken });
    if (choice.kind !== 'assigned') return false;
    const move = { mover, given: choice.given };
    const arrivals = arrivalsOf(move);
    if (arrivals.length === 0 || this.#isInTheWay(move)) return false;
    this.all.push(move);
    for (const address of arrivals) this.#queue.push(...this.#blockersAt(address, mover));
    return true;
  }

  /** It stays where another is to arrive that it can't share with. */
  #isInTheWay({ mover, given }: Move): boolean {
    return this.all.some((other) =>
      arrivalsOf(other).some(
        (address) =>
          given.some((one) => sameAddress(one.address, address)) &&
          !mayShare(mover.addressRequest, address, [entryAt(address, other)]).ok,
      ),
    );
  }

  #blockersAt(address: Address, arriving: Mover): Mover[] {
    const holders = arriving.chooseInput.taken.claimOf(address)?.spec.holders ?? [];
    return holders.flatMap((holder) => {
      const mover = this.#movers.of(holder);
      const isKnown =
        mover && [...this.all.map((move) => move.mover), ...this.#queue].some(({ key }) => key === mover.key);
      return !mover || isKnown || mayShare(arriving.addressRequest, address, [holder]).ok ? [] : [mover];
    });
  }
}

/** The addresses that are taken after the moves so far, without those of all other waiting Services. */
class Vacated implements Taken {
  readonly #mover: Mover;
  readonly #taken: Taken;
  readonly #moves: readonly Move[];
  readonly #movers: Movers;

  constructor(mover: Mover, moves: readonly Move[], movers: Movers) {
    this.#mover = mover;
    this.#taken = mover.chooseInput.taken;
    this.#moves = moves;
    this.#movers = movers;
  }

  claimOf(address: Address): EipClaim | undefined {
    const claim = this.#taken.claimOf(address);
    if (!claim) return undefined;
    const present = claim.spec.holders.filter(
      (holder) => this.#mover.chooseInput.isSelf(holder) || !this.#hasLeft(holder),
    );
    const arrived = this.#moves
      .filter(({ given }) => given.some((one) => sameAddress(one.address, address)))
      .map((move) => entryAt(address, move));
    const holders = [...present, ...arrived];
    return holders.length > 0 ? { ...claim, spec: { ...claim.spec, holders } } : undefined;
  }

  isTaken(address: Address): boolean {
    if (this.#taken.claimOf(address)) return this.claimOf(address) !== undefined;
    return this.#taken.isTaken(address) || this.#isGiven(address);
  }

  lowestFree(range: AddressRange): bigint | undefined {
    let free = this.#taken.lowestFree(range);
    while (free !== undefined && this.#isGiven(addressOf(range.family, free))) {
      free = free < range.last ? this.#taken.lowestFree({ ...range, first: free + 1n }) : undefined;
    }
    for (const { chooseInput } of this.#movers.all()) {
      for (const address of chooseInput.established) {
        const isFree = rangeContains(range, address) && this.#taken.claimOf(address) && !this.isTaken(address);
        if (isFree && (free === undefined || address.value < free)) free = address.value;
      }
    }
    return free;
  }

  freeIn(range: AddressRange): bigint {
    return this.#taken.freeIn(range);
  }

  isWhole(address: Address): boolean {
    return this.#taken.isWhole(address);
  }

  sharedBy(key: string): readonly EipClaim[] {
    return this.#taken.sharedBy(key);
  }

  #isGiven(address: Address): boolean {
    return this.#moves.some(({ given }) => given.some((one) => sameAddress(one.address, address)));
  }

  /** A reservation for such a move stays. */
  #hasLeft(holder: ClaimHolder): boolean {
    const mover = this.#movers.of(holder);
    if (!mover) return false;
    return !holder.waiting || this.#moves.some((move) => move.mover.key === mover.key);
  }
}

function entryAt(address: Address, { mover: { holder, addressRequest } }: Move): ClaimHolder {
  return addressRequest.addresses.some((one) => sameAddress(one, address)) ? { ...holder, requested: true } : holder;
}
