/**
 * Decides what to do when another machine uses an address of this node (RFC 5227 §2.4). Pure: time is an argument.
 *
 * A Service can't give its address up for every machine that uses it, so this node defends the address as in case (c) of the RFC: by one announcement, and no
 * other within ten seconds, so that two defenders don't flood the network. An answer to this node's own probe reached no other machine, and calls for no defence.
 */
import type { MacAddress } from '../../frames/mac-address.ts';

/** RFC 5227 §1.1, DEFEND_INTERVAL. */
const DEFEND_INTERVAL_MS = 10_000;
const REPORT_INTERVAL_MS = 1_000;

/** Bounds the memory for a machine that invents MAC addresses. */
const MOST_REPORTED = 8;

interface Times {
  /** When each machine was last reported. */
  readonly reportedMs: Map<MacAddress, number>;
  defendedMs: number;
}

export class Defence {
  readonly #times = new Map<string, Times>();

  /** @param key of an address that this node answers for, so the number of keys is bounded. */
  onConflict(
    key: string,
    mac: MacAddress,
    nowMs: number,
    isAnswer = false,
  ): { readonly report: boolean; readonly defend: boolean } {
    const times = this.#times.get(key) ?? { reportedMs: new Map(), defendedMs: -Infinity };
    this.#times.set(key, times);
    for (const [other, ms] of times.reportedMs) if (nowMs - ms >= REPORT_INTERVAL_MS) times.reportedMs.delete(other);
    const report = !times.reportedMs.has(mac) && times.reportedMs.size < MOST_REPORTED;
    const defend = !isAnswer && nowMs - times.defendedMs >= DEFEND_INTERVAL_MS;
    if (report) times.reportedMs.set(mac, nowMs);
    if (defend) times.defendedMs = nowMs;
    return { report, defend };
  }

  remove(key: string): void {
    this.#times.delete(key);
  }
}
