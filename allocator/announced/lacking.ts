/**
 * Which addresses of a Service are not announced, or in vain, since when, and whether that was told. By address: one that comes back, or goes too, is news though another one of the
 * Service is not announced all along. PURE: time is passed in.
 */
import type { Condition } from '../../lib/api/meta/object.ts';
import { announcedDelayMs } from '../services/announced-delay.ts';
import type { Finding } from './decide-announced.ts';

interface Lack {
  readonly sinceMs: number;
  /** The condition says that it is not announced. */
  readonly isTold: boolean;
}

export interface News {
  /** Until what is so now has been so for long enough to be told; 0 for at once. */
  readonly waitMs: number;
  readonly lost: readonly Finding[];
  readonly back: readonly Finding[];
}

export class Lacking {
  /** By Service and address; none for a Service of which all is well. */
  readonly #known = new Map<string, Map<string, Lack>>();

  /** @param former the condition as it stands. */
  look(key: string, findings: readonly Finding[], former: Condition | undefined, nowMs: number): News {
    const known = this.#known.get(key) ?? new Map<string, Lack>();
    // A new leader does not know which address the condition is about.
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
      if (isLost && reason !== 'AnnouncedByCni' && reason !== 'StatusContested') lost.push(one);
    }
    if (known.size > 0) this.#known.set(key, known);
    else this.#known.delete(key);
    return { waitMs: Math.max(...waits), lost, back };
  }

  /** The condition says all that was found. */
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

/** Addresses that the condition says something of. */
function namedIn(condition: Condition | undefined): ReadonlySet<string> {
  return new Set(condition?.message.split(/[\s,;]+/));
}
