/**
 * The addresses of an Eip that are never given: addresses in use or reserved elsewhere (`reserved.ts`) and, with `spec.avoidBuggyIPs`, the IPv4 addresses that end in
 * .0 or .255, as in MetalLB. PURE. Passing over them costs the same in a /30, a /8 and an IPv6 /64.
 */
import { addressesText, countText } from '../../api/count.ts';
import { type Eip, isLayer2 } from '../../api/eip/eip.ts';
import { shortened } from '../../api/problem.ts';
import { type Address, formatAddress } from '../../net/address.ts';
import { IntervalSet } from '../../net/interval-set.ts';
import { type AddressRange, rangeContains, rangeSize, rangesOverlap, rangeText } from '../../net/range.ts';

/** Addresses in use or reserved. */
export interface Reservation {
  readonly range: AddressRange;
  /** The text after "is": `an address of node n2`. */
  readonly what: string;
  /** Reserved on that segment only: a routed address may be given. */
  readonly onLayer2Only?: boolean;
}

const MOST_NAMED = 5;

export class Withheld {
  readonly #reservations: readonly Reservation[];
  readonly #reserved: IntervalSet;
  readonly #range: AddressRange;
  readonly #avoidsBuggy: boolean;

  /** @param all of the cluster; the ones of the Eip are kept. */
  constructor(
    { range, avoidBuggyIPs, protocol }: Pick<Eip, 'range' | 'avoidBuggyIPs' | 'protocol'>,
    all: Iterable<Reservation>,
  ) {
    const onLayer2 = isLayer2({ protocol });
    this.#range = range;
    this.#avoidsBuggy = avoidBuggyIPs && range.family === 4;
    this.#reservations = [...all].filter((one) => rangesOverlap(one.range, range) && (onLayer2 || !one.onLayer2Only));
    this.#reserved = IntervalSet.of(this.#reservations.map((one) => one.range));
  }

  /** Nothing is withheld. */
  get isEmpty(): boolean {
    return this.#reservations.length === 0 && !this.#avoidsBuggy;
  }

  /** The number of reserved addresses of the Eip, without those that end in .0 or .255, which the Eip itself excludes. */
  get reserved(): bigint {
    return this.#reserved.countIn(this.#range.first, this.#range.last);
  }

  has(value: bigint): boolean {
    return this.#reserved.has(value) || (this.#avoidsBuggy && isBuggy(value));
  }

  /** Why an address is never given, as a sentence without its end. */
  why(address: Address): string | undefined {
    if (!rangeContains(this.#range, address)) return undefined;
    const found = this.whyReserved(address);
    if (found !== undefined) return found;
    if (!this.#avoidsBuggy || !isBuggy(address.value)) return undefined;
    return `${formatAddress(address)} ends in .0 or .255, which spec.avoidBuggyIPs of the Eip leaves out`;
  }

  /** The same, for an address in use or reserved elsewhere. */
  whyReserved(address: Address): string | undefined {
    const found = this.#reservations.find(({ range }) => rangeContains(range, address));
    return found && `${formatAddress(address)} is ${found.what}`;
  }

  /** The reserved addresses, each with its use: `10.0.0.1 is an address of node n2`. */
  sentences(except: readonly Address[] = []): readonly string[] {
    const isTold = ({ range }: Reservation): boolean =>
      rangeSize(range) === 1n && except.some((address) => rangeContains(range, address));
    return shortened(
      this.#reservations.filter((one) => !isTold(one)),
      MOST_NAMED,
      ({ range, what }) => `${rangeText(clipped(range, this.#range))} is ${what}`,
    );
  }

  /**
   * `2 of 256 addresses are given to nobody: 10.0.0.1 is an address of node n2, …`.
   *
   * @param inUse reserved addresses that Services have since before.
   */
  text(inUse: readonly Address[] = []): string {
    const left = this.reserved - BigInt(inUse.length);
    const count = `${countText(left)} of ${addressesText(rangeSize(this.#range))}`;
    return `${count} ${left === 1n ? 'is' : 'are'} given to nobody: ${this.sentences(inUse).join(', ')}`;
  }

  /** The lowest number from `value` to `last` that may be given. */
  skip(value: bigint, last: bigint): bigint | undefined {
    let next = this.#reserved.lowestMissing(value, last);
    while (next !== undefined && this.#avoidsBuggy && isBuggy(next))
      next = this.#reserved.lowestMissing(next + 1n, last);
    return next;
  }

  /** The number of addresses in `first..last` that may be given. */
  countUsable(first: bigint, last: bigint): bigint {
    let count = this.#countNotBuggy(first, last);
    for (const run of this.#reserved.runsIn(first, last)) count -= this.#countNotBuggy(run.first, run.last);
    return count;
  }

  #countNotBuggy(first: bigint, last: bigint): bigint {
    return last - first + 1n - (this.#avoidsBuggy ? buggyBelow(last + 1n) - buggyBelow(first) : 0n);
  }
}

function isBuggy(value: bigint): boolean {
  const octet = value & 255n;
  return octet === 0n || octet === 255n;
}

/** The number of lower numbers that end in .0 or .255: two in each 256. */
function buggyBelow(value: bigint): bigint {
  return (value >> 8n) * 2n + ((value & 255n) === 0n ? 0n : 1n);
}

function clipped(range: AddressRange, to: AddressRange): AddressRange {
  const [within = range] = IntervalSet.of([range]).runsIn(to.first, to.last);
  return { family: range.family, first: within.first, last: within.last };
}
