/**
 * Tracks the machines that use an address of this node (RFC 5227 §2.4). Pure: time and chance are arguments.
 *
 * A machine announces its address once or twice, when it starts. To learn whether the conflict goes on, this node probes for the address, so that only this node
 * hears the answer: soon after the first conflict, then every 10 to 15 s, until the machine has not answered for 30 s.
 * While an address moves, two nodes of the cluster use it for a moment; the tracker reports only conflicts that last.
 */
import { formatAddress } from '../../../lib/net/address.ts';
import type { OtherOwner } from '../link/link.ts';

/** Longer than any move takes. */
const LASTS_AFTER_MS = 2_000;
/** A node whose Speaker object is not up to date may be taking the address over, or releasing it after an absence. */
const NODE_LASTS_AFTER_MS = 5_000;
/** A conflict that was not heard for so long is over. */
const OVER_AFTER_MS = 30_000;
/** The interval of probes before the conflict is reported. */
const PROBE_SOON_MS = 2_100;
/** The interval of probes after an answer. */
const PROBE_MS = { min: 10_000, max: 15_000 };
/** The interval of probes after a probe without an answer. */
const PROBE_AGAIN_MS = 5_000;
const MOST_UNANSWERED = 3;
/** The tracker drops further conflicts. With a second cluster of the same addresses on the network there may be thousands. */
const MOST_CONFLICTS = 100;

interface TrackedConflict {
  readonly other: OtherOwner;
  readonly firstMs: number;
  lastMs: number;
  probeMs: number;
  unanswered: number;
  isReported: boolean;
}

/** The machine, by the Speaker objects. */
export type Kind =
  /** No node of the cluster. */
  | 'machine'
  /** A node of the cluster that does not report the address. */
  | 'node'
  /** A node of the cluster that reports the address: the address moves, or has moved. */
  | 'owner';

export interface ConflictNews {
  readonly begun: readonly OtherOwner[];
  readonly over: readonly OtherOwner[];
}

export class ConflictTracker {
  readonly #conflicts = new Map<string, TrackedConflict>();

  /** The machine uses the address. */
  heard(other: OtherOwner, nowMs: number, random: number): void {
    const key = keyOf(other);
    const conflict = this.#conflicts.get(key);
    if (conflict) {
      conflict.lastMs = nowMs;
      conflict.unanswered = 0;
      if (conflict.isReported) conflict.probeMs = nowMs + PROBE_MS.min + (PROBE_MS.max - PROBE_MS.min) * random;
    } else {
      this.#add(other, nowMs, nowMs + PROBE_SOON_MS);
    }
  }

  /** A former owner of the address has reported the conflict. The tracker probes at once, and reports the conflict after an answer. */
  suspect(other: OtherOwner, nowMs: number): void {
    if (!this.#conflicts.has(keyOf(other))) this.#add(other, nowMs - NODE_LASTS_AFTER_MS, nowMs);
  }

  /** @returns the addresses to probe for now. @param isProbed whether the caller probes for the address; others are probed for elsewhere. */
  due(nowMs: number, isProbed: (address: string) => boolean): OtherOwner[] {
    const due = [...this.#conflicts.values()].filter(
      ({ probeMs, unanswered }) => probeMs <= nowMs && unanswered < MOST_UNANSWERED,
    );
    for (const conflict of due) {
      conflict.probeMs = nowMs + (conflict.isReported ? PROBE_AGAIN_MS : PROBE_SOON_MS);
      if (isProbed(formatAddress(conflict.other.address))) conflict.unanswered++;
    }
    return due.flatMap(({ other }) => (isProbed(formatAddress(other.address)) ? [other] : []));
  }

  /** The changes since the last call. */
  news(nowMs: number, kindOf: (other: OtherOwner) => Kind): ConflictNews {
    const begun: OtherOwner[] = [];
    const over: OtherOwner[] = [];
    for (const [key, conflict] of this.#conflicts) {
      const { other, isReported } = conflict;
      const kind = kindOf(other);
      if (isOver(conflict, nowMs)) {
        this.#conflicts.delete(key);
        if (isReported) over.push(other);
      } else if (kind === 'owner') {
        conflict.isReported = false;
      } else if (!isReported && isLasting(conflict, kind)) {
        conflict.isReported = true;
        begun.push(other);
      }
    }
    return { begun, over };
  }

  /** The conflicts that were reported and go on. */
  get reported(): OtherOwner[] {
    return [...this.#conflicts.values()].flatMap(({ other, isReported }) => (isReported ? [other] : []));
  }

  /** When time alone calls for {@link news} or {@link due}; undefined for never. */
  get nextMs(): number | undefined {
    let least: number | undefined;
    for (const { probeMs, lastMs, unanswered } of this.#conflicts.values()) {
      const atMs = unanswered < MOST_UNANSWERED ? probeMs : Math.max(probeMs, lastMs + OVER_AFTER_MS);
      least = Math.min(atMs, least ?? atMs);
    }
    return least;
  }

  /** Drops all other conflicts. @returns those of them that were reported. */
  keepOnly(isOurs: (address: string) => boolean): OtherOwner[] {
    const dropped = [...this.#conflicts].filter(([, { other }]) => !isOurs(formatAddress(other.address)));
    for (const [key] of dropped) this.#conflicts.delete(key);
    return dropped.flatMap(([, { other, isReported }]) => (isReported ? [other] : []));
  }

  #add(other: OtherOwner, firstMs: number, probeMs: number): void {
    if (this.#conflicts.size >= MOST_CONFLICTS) return;
    this.#conflicts.set(keyOf(other), { other, firstMs, lastMs: firstMs, probeMs, unanswered: 0, isReported: false });
  }
}

function isOver({ lastMs, unanswered }: TrackedConflict, nowMs: number): boolean {
  const isAwaited = unanswered > 0 && unanswered < MOST_UNANSWERED;
  return nowMs - lastMs >= OVER_AFTER_MS && !isAwaited;
}

function isLasting({ firstMs, lastMs }: TrackedConflict, kind: Kind): boolean {
  return lastMs - firstMs >= (kind === 'node' ? NODE_LASTS_AFTER_MS : LASTS_AFTER_MS);
}

function keyOf({ address, mac, interface: on }: OtherOwner): string {
  return `${formatAddress(address)} ${mac} ${on}`;
}
