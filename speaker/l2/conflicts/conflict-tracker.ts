/**
 * Machines that say that they have an address of ours, and for how long they do. PURE: time and chance are passed in.
 *
 * A machine announces what it has once or twice, when it starts, and says no more of it than it is asked for. So it is asked, now and then, by a question
 * about the address whose answer nobody else hears: soon after it was heard, then each 10 to 15 s, and until it has not answered for 30 s.
 * While an address moves, two of our own nodes have it for a moment: only what lasts is told.
 */
import { formatAddress } from '../../../lib/net/address.ts';
import type { OtherOwner } from '../link/link.ts';

/** Longer than any move takes. */
const LASTS_AFTER_MS = 2_000;
/** A node whose object lags behind may be taking over, or giving up what it had while it was away. */
const NODE_LASTS_AFTER_MS = 5_000;
/** Not heard of for so long, it is over. */
const OVER_AFTER_MS = 30_000;
/** Until it is told. */
const ASK_SOON_MS = 2_100;
const ASK_MS = { min: 10_000, max: 15_000 };
/** One that did not answer. */
const ASK_AGAIN_MS = 5_000;
const MOST_UNANSWERED = 3;
/** Further ones are forgotten. With a second cluster of the same addresses on the network there may be thousands. */
const MOST_SEEN = 100;

interface Seen {
  readonly other: OtherOwner;
  readonly firstMs: number;
  lastMs: number;
  askMs: number;
  unanswered: number;
  isTold: boolean;
}

/** What a machine is, as the objects say. */
export type Kind =
  /** None that is known. */
  | 'machine'
  /** A node of ours that does not say that it has the address. */
  | 'node'
  /** A node of ours that says so: the address is about to move, or has moved. */
  | 'holder';

export interface ConflictNews {
  readonly begun: readonly OtherOwner[];
  readonly over: readonly OtherOwner[];
}

export class ConflictTracker {
  readonly #seen = new Map<string, Seen>();

  /** It says that it has the address. */
  heard(other: OtherOwner, nowMs: number, random: number): void {
    const key = keyOf(other);
    const seen = this.#seen.get(key);
    if (seen) {
      seen.lastMs = nowMs;
      seen.unanswered = 0;
      if (seen.isTold) seen.askMs = nowMs + ASK_MS.min + (ASK_MS.max - ASK_MS.min) * random;
    } else {
      this.#add(other, nowMs, nowMs + ASK_SOON_MS);
    }
  }

  /** Somebody else has told of it, who had the address before. It is asked at once, and told when it answers. */
  suspect(other: OtherOwner, nowMs: number): void {
    if (!this.#seen.has(keyOf(other))) this.#add(other, nowMs - NODE_LASTS_AFTER_MS, nowMs);
  }

  /** @returns addresses to ask about now. What is not among those that `isAsked` is asked about elsewhere. */
  due(nowMs: number, isAsked: (address: string) => boolean): OtherOwner[] {
    const due = [...this.#seen.values()].filter(
      ({ askMs, unanswered }) => askMs <= nowMs && unanswered < MOST_UNANSWERED,
    );
    for (const seen of due) {
      seen.askMs = nowMs + (seen.isTold ? ASK_AGAIN_MS : ASK_SOON_MS);
      if (isAsked(formatAddress(seen.other.address))) seen.unanswered++;
    }
    return due.flatMap(({ other }) => (isAsked(formatAddress(other.address)) ? [other] : []));
  }

  /** What is to be told now, and was not told before. */
  news(nowMs: number, kindOf: (other: OtherOwner) => Kind): ConflictNews {
    const begun: OtherOwner[] = [];
    const over: OtherOwner[] = [];
    for (const [key, seen] of this.#seen) {
      const { other, isTold } = seen;
      const kind = kindOf(other);
      if (isOver(seen, nowMs)) {
        this.#seen.delete(key);
        if (isTold) over.push(other);
      } else if (kind === 'holder') {
        seen.isTold = false;
      } else if (!isTold && isLasting(seen, kind)) {
        seen.isTold = true;
        begun.push(other);
      }
    }
    return { begun, over };
  }

  /** Those that were told of and go on. */
  get told(): OtherOwner[] {
    return [...this.#seen.values()].flatMap(({ other, isTold }) => (isTold ? [other] : []));
  }

  /** When there is something to do by time alone; undefined for never. */
  get nextMs(): number | undefined {
    let least: number | undefined;
    for (const { askMs, lastMs, unanswered } of this.#seen.values()) {
      const atMs = unanswered < MOST_UNANSWERED ? askMs : Math.max(askMs, lastMs + OVER_AFTER_MS);
      least = Math.min(atMs, least ?? atMs);
    }
    return least;
  }

  /** Forgets all but these. @returns those that were told of. */
  keepOnly(isOurs: (address: string) => boolean): OtherOwner[] {
    const dropped = [...this.#seen].filter(([, { other }]) => !isOurs(formatAddress(other.address)));
    for (const [key] of dropped) this.#seen.delete(key);
    return dropped.flatMap(([, { other, isTold }]) => (isTold ? [other] : []));
  }

  #add(other: OtherOwner, firstMs: number, askMs: number): void {
    if (this.#seen.size >= MOST_SEEN) return;
    this.#seen.set(keyOf(other), { other, firstMs, lastMs: firstMs, askMs, unanswered: 0, isTold: false });
  }
}

function isOver({ lastMs, unanswered }: Seen, nowMs: number): boolean {
  const isAwaited = unanswered > 0 && unanswered < MOST_UNANSWERED;
  return nowMs - lastMs >= OVER_AFTER_MS && !isAwaited;
}

function isLasting({ firstMs, lastMs }: Seen, kind: Kind): boolean {
  return lastMs - firstMs >= (kind === 'node' ? NODE_LASTS_AFTER_MS : LASTS_AFTER_MS);
}

function keyOf({ address, mac, interface: on }: OtherOwner): string {
  return `${formatAddress(address)} ${mac} ${on}`;
}
