/**
 * What to do about somebody else who claims an address of ours (RFC 5227 §2.4). PURE: time is passed in.
 *
 * An address of a Service can't be given up for every machine that claims it, so it is defended, as the RFC has it for such (case c): by one announcement,
 * and no other within ten seconds, so that two who both defend don't fill the network.
 */

/** RFC 5227 §1.1, DEFEND_INTERVAL. */
const DEFEND_INTERVAL_MS = 10_000;
const TELL_INTERVAL_MS = 1_000;

interface Times {
  toldMs: number;
  defendedMs: number;
}

export class Conflicts {
  readonly #times = new Map<string, Times>();

  /** @param key of an address that this node answers for: there are no more entries than of those. */
  heard(key: string, nowMs: number): { readonly tell: boolean; readonly defend: boolean } {
    const times = this.#times.get(key) ?? { toldMs: -Infinity, defendedMs: -Infinity };
    this.#times.set(key, times);
    const tell = nowMs - times.toldMs >= TELL_INTERVAL_MS;
    const defend = nowMs - times.defendedMs >= DEFEND_INTERVAL_MS;
    if (tell) times.toldMs = nowMs;
    if (defend) times.defendedMs = nowMs;
    return { tell, defend };
  }

  remove(key: string): void {
    this.#times.delete(key);
  }
}
