/**
 * A set of numbers kept as disjoint, non-adjacent, sorted intervals.
 *
 * It holds the addresses that are taken, so that the lowest free one is found by one binary search whatever the size of the
 * pool: a /8 half full in one run is a single interval. Memory follows the number of runs, not of addresses.
 */
/** Both ends are in it. */
export interface Interval {
  readonly first: bigint;
  readonly last: bigint;
}

export class IntervalSet {
  readonly #starts: bigint[] = [];
  readonly #ends: bigint[] = [];

  /** @param intervals in any order; they may overlap. */
  static of(intervals: Iterable<Interval>): IntervalSet {
    const set = new IntervalSet();
    const sorted = [...intervals].sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
    for (const { first, last } of sorted) {
      const top = set.#ends.at(-1);
      if (top === undefined || first > top + 1n) {
        set.#starts.push(first);
        set.#ends.push(last);
      } else if (last > top) set.#ends[set.#ends.length - 1] = last;
    }
    return set;
  }

  /** Number of intervals: what memory and the cost of every question follow. */
  get runs(): number {
    return this.#starts.length;
  }

  has(value: bigint): boolean {
    const i = this.#lastStartingAtOrBefore(value);
    return i >= 0 && value <= this.#ends[i]!;
  }

  /** @returns false when the value was there already. */
  add(value: bigint): boolean {
    const i = this.#lastStartingAtOrBefore(value);
    if (i >= 0 && value <= this.#ends[i]!) return false;
    const joinsLeft = i >= 0 && this.#ends[i] === value - 1n;
    const joinsRight = i + 1 < this.#starts.length && this.#starts[i + 1] === value + 1n;
    if (joinsLeft && joinsRight) {
      this.#ends.splice(i, 1);
      this.#starts.splice(i + 1, 1);
    } else if (joinsLeft) this.#ends[i] = value;
    else if (joinsRight) this.#starts[i + 1] = value;
    else {
      this.#starts.splice(i + 1, 0, value);
      this.#ends.splice(i + 1, 0, value);
    }
    return true;
  }

  /** @returns false when the value was not there. */
  delete(value: bigint): boolean {
    const i = this.#lastStartingAtOrBefore(value);
    if (i < 0 || value > this.#ends[i]!) return false;
    const start = this.#starts[i]!;
    const end = this.#ends[i]!;
    if (start === end) {
      this.#starts.splice(i, 1);
      this.#ends.splice(i, 1);
    } else if (value === start) this.#starts[i] = value + 1n;
    else if (value === end) this.#ends[i] = value - 1n;
    else {
      this.#ends.splice(i, 0, value - 1n);
      this.#starts.splice(i + 1, 0, value + 1n);
    }
    return true;
  }

  /** The lowest number in `first..last` that is not in the set, or undefined when all are. */
  lowestMissing(first: bigint, last: bigint): bigint | undefined {
    const i = this.#lastStartingAtOrBefore(first);
    const candidate = i >= 0 && first <= this.#ends[i]! ? this.#ends[i]! + 1n : first;
    return candidate <= last ? candidate : undefined;
  }

  /**
   * The number that is not in the set and has `passedOver` such ones before it, counted from the lowest in `first..last`; where there are not so many, the count
   * begins again. Costs one step a run that is passed. Undefined when all are in the set.
   */
  missingAfter(passedOver: bigint, first: bigint, last: bigint): bigint | undefined {
    let left = passedOver;
    let candidate = this.lowestMissing(first, last);
    while (candidate !== undefined) {
      const next = this.#starts[this.#lastStartingAtOrBefore(candidate) + 1] ?? last + 1n;
      const end = next <= last ? next : last + 1n;
      if (candidate + left < end) return candidate + left;
      left -= end - candidate;
      candidate = this.lowestMissing(end, last);
    }
    const missing = passedOver - left;
    return missing > 0n ? this.missingAfter(passedOver % missing, first, last) : undefined;
  }

  /** How many numbers of `first..last` are in the set. Costs one step a run within those bounds. */
  countIn(first: bigint, last: bigint): bigint {
    let count = 0n;
    for (const run of this.runsIn(first, last)) count += run.last - run.first + 1n;
    return count;
  }

  /** The runs within `first..last`, cut off at these bounds, from the lowest. */
  *runsIn(first: bigint, last: bigint): Generator<Interval> {
    for (let i = Math.max(this.#lastStartingAtOrBefore(first), 0); i < this.#starts.length; i++) {
      const start = this.#starts[i]! < first ? first : this.#starts[i]!;
      const end = this.#ends[i]! > last ? last : this.#ends[i]!;
      if (start > last) return;
      if (end >= start) yield { first: start, last: end };
    }
  }

  #lastStartingAtOrBefore(value: bigint): number {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#starts[middle]! <= value) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
