/**
 * Probes for addresses: three times, 50 ms apart, and 50 ms more for the last answer. Pure: time is an argument.
 *
 * RFC 5227 §2.1.1 spreads its three probes over seconds, so that the machines of a network that gets its power back don't probe all at once. Here few nodes probe,
 * and after a wrong "free" both machines see the conflict, which is the next means of the RFC.
 */
import type { MacAddress } from '../../frames/mac-address.ts';
import type { Layer2Address, OtherOwner } from '../../link/link.ts';

const TIMES = 3;
const APART_MS = 50;
/** Bounds the memory for a machine that invents MAC addresses. */
const MOST_OWNERS = 4;

interface Target {
  readonly key: string;
  readonly what: Layer2Address;
  sent: number;
  nextMs: number;
  readonly owners: Set<MacAddress>;
}

export class Probes {
  readonly #byId = new Map<number, readonly Target[]>();

  start(id: number, targets: ReadonlyMap<string, Layer2Address>, nowMs: number): void {
    const all = [...targets].map(([key, what]) => ({
      key,
      what,
      sent: 0,
      nextMs: nowMs,
      owners: new Set<MacAddress>(),
    }));
    this.#byId.set(id, all);
  }

  cancel(id: number): void {
    this.#byId.delete(id);
  }

  isProbing(key: string): boolean {
    return this.#byId.size > 0 && this.#all().some((target) => target.key === key);
  }

  /** All addresses that are probed for, by key. */
  targets(): ReadonlyMap<string, Layer2Address> {
    return new Map(this.#all().map(({ key, what }) => [key, what]));
  }

  /** Sends the probes that are due. @param send returns false if the probe has to be sent again. */
  send(nowMs: number, send: (what: Layer2Address) => boolean): void {
    for (const target of this.#all()) {
      if (target.owners.size > 0 || target.sent >= TIMES || target.nextMs > nowMs) continue;
      if (send(target.what)) target.sent++;
      target.nextMs = nowMs + (target.sent === 0 ? 1 : APART_MS);
    }
  }

  heard(key: string, mac: MacAddress): void {
    for (const target of this.#all())
      if (target.key === key && target.owners.size < MOST_OWNERS) target.owners.add(mac);
  }

  /** Removes and returns the probes that have ended. */
  finished(nowMs: number): readonly { readonly id: number; readonly owners: readonly OtherOwner[] }[] {
    if (this.#byId.size === 0) return [];
    const done = [...this.#byId].filter(([, targets]) => targets.every((target) => isDone(target, nowMs)));
    return done.map(([id, targets]) => {
      this.#byId.delete(id);
      return {
        id,
        owners: targets.flatMap(({ what, owners }) => [...owners].map((mac) => ({ ...what, mac }))),
      };
    });
  }

  get nextMs(): number | undefined {
    // Usually there is no probe, and the thread reads this after every frame.
    if (this.#byId.size === 0) return undefined;
    const all = this.#all();
    if (all.length === 0) return 0;
    return all.reduce((least, { nextMs }) => Math.min(least, nextMs), Number.POSITIVE_INFINITY);
  }

  #all(): Target[] {
    return [...this.#byId.values()].flat();
  }
}

/** After an answer no probe follows; answers of further machines are awaited a little longer. */
function isDone({ owners, sent, nextMs }: Target, nowMs: number): boolean {
  return (owners.size > 0 || sent >= TIMES) && nextMs <= nowMs;
}
