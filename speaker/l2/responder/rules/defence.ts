/**
 * What to do about somebody else who claims an address of ours (RFC 5227 §2.4). PURE: time is passed in.
 *
 * An address of a Service can't be given up for every machine that claims it, so it is defended, as the RFC has it for such (case c): by one announcement,
 * and no other within ten seconds, so that two who both defend don't fill the network. An answer to a question of this node's went to nobody else, and calls
 * for none.
 */
import type { MacAddress } from '../../frames/mac-address.ts';

/** RFC 5227 §1.1, DEFEND_INTERVAL. */
const DEFEND_INTERVAL_MS = 10_000;
const TELL_INTERVAL_MS = 1_000;

/** Whoever makes up MAC addresses is told of now and then, and fills nothing. */
const MOST_TOLD = 8;

interface Times {
  /** By machine. */
  readonly toldMs: Map<MacAddress, number>;
  defendedMs: number;
}

export class Defence {
  readonly #times = new Map<string, Times>();

  /** @param key of an address that this node answers for: there are no more entries than of those. */
  onClaimed(
    key: string,
    mac: MacAddress,
    nowMs: number,
    isAnswer = false,
  ): { readonly tell: boolean; readonly defend: boolean } {
    const times = this.#times.get(key) ?? { toldMs: new Map(), defendedMs: -Infinity };
    this.#times.set(key, times);
    for (const [told, ms] of times.toldMs) if (nowMs - ms >= TELL_INTERVAL_MS) times.toldMs.delete(told);
    const tell = !times.toldMs.has(mac) && times.toldMs.size < MOST_TOLD;
    const defend = !isAnswer && nowMs - times.defendedMs >= DEFEND_INTERVAL_MS;
    if (tell) times.toldMs.set(mac, nowMs);
    if (defend) times.defendedMs = nowMs;
    return { tell, defend };
  }

  remove(key: string): void {
    this.#times.delete(key);
  }
}
