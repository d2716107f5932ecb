/**
 * Remembers which addresses of a Service are not announced, or have no endpoint, since when, and whether an Event has reported it. Each address counts by itself: its
 * return is news although another address of the Service is still not announced. PURE: time is passed in.
 */
import type { Condition } from '../../lib/api/meta/object.ts';
import type { Reason } from '../../lib/api/reasons.ts';
import type { Finding } from '../../lib/reach/decide-announced.ts';
import { announcedDelayMs } from '../services/announced-delay.ts';

interface Lack {
  readonly sinceMs: number;
  /** The condition says that the address is not announced. */
  readonly isTold: boolean;
}

export interface News {
  /** The time until the present state has lasted long enough for a report; 0: report at once. */
  readonly waitMs: number;
  readonly lost: readonly Finding[];
  readonly back: readonly Finding[];
}

const UNEVENTFUL: readonly Reason[] = ['AnnouncedByCni', 'AnnouncedByCalico', 'StatusContested'];

export class Lacking {
  /** By Service and address; no entry for a Service whose addresses are all announced. */
  readonly #known = new Map<string, Map<string, Lack>>();

  /** @param former the stored condition. */
  look(key: string, findings: readonly Finding[], former: Condition | undefined, nowMs: number): News {
    const known = this.#known.get(key) ?? new Map<string, Lack>();
    // A new leader does not know which address the condition means.
    const isFirst = !this.#known.has(key) && former !== undefined && former.status !== 'True';
    const named = namedIn(former);
    const waits: number[] = [0];
    const lost: Finding[] = [];
    const back: Finding[] = [];
    for (const one of findings) {
      const { address, status, reason, idle } = one;
      const isTold = known.get(address)?.isTold ?? (isFirst && named.has(address));
      if (status === 'True' && isTold) back.push(one);
      if (status === 'True' && !isTold && idle === undefined) {
        known.delete(address);
        continue;
      }
      const lack = known.get(address) ?? { sinceMs: nowMs, isTold };
      known.set(address, lack);
      const isLost = status !== 'True' && !isTold && named.has(address);
      waits.push(announcedDelayMs(former, one, isLost) - (nowMs - lack.sinceMs));
      // Each has an Event, or needs none, of its own.
      if (isLost && !UNEVENTFUL.includes(reason)) lost.push(one);
    }
    if (known.size > 0) this.#known.set(key, known);
    else this.#known.delete(key);
    return { waitMs: Math.max(...waits), lost, back };
  }

  /** The condition has all findings. */
  told(key: string, findings: readonly Finding[]): void {
    const known = this.#known.get(key);
    if (!known) return;
    for (const [address, { sinceMs }] of known) {
      const found = findings.find((one) => one.address === address);
      if (!found || (found.status === 'True' && found.idle === undefined)) known.delete(address);
      else known.set(address, { sinceMs, isTold: found.status !== 'True' });
    }
    if (known.size === 0) this.#known.delete(key);
  }

  forget(key: string): void {
    this.#known.delete(key);
  }
}

/** The addresses that the condition names. */
function namedIn(condition: Condition | undefined): ReadonlySet<string> {
  return new Set(condition?.message.split(/[\s,;]+/));
}
