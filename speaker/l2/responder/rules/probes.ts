/**
 * Questions to the network whether an address is anybody's: three times, 50 ms apart, and 50 ms more for the last answer. PURE: time is passed in.
 *
 * RFC 5227 §2.1.1 spreads its three over seconds, so that all machines of a network that gets its power back don't ask at once. Here a node is suspect, few
 * ask, and a wrong "nobody" is what the RFC's next means is for: both see the conflict.
 */
import type { MacAddress } from '../../frames/mac-address.ts';
import type { Layer2Address, OtherOwner } from '../../link/link.ts';

const TIMES = 3;
const APART_MS = 50;
/** Machines that answer for one address; whoever makes up MAC addresses fills nothing. */
const MOST_OWNERS = 4;

interface Target {
  readonly key: string;
  readonly what: Layer2Address;
  asked: number;
  nextMs: number;
  readonly owners: Set<MacAddress>;
}

export class Probes {
  readonly #byId = new Map<number, readonly Target[]>();

  start(id: number, targets: ReadonlyMap<string, Layer2Address>, nowMs: number): void {
    const all = [...targets].map(([key, what]) => ({
      key,
      what,
      asked: 0,
      nextMs: nowMs,
      owners: new Set<MacAddress>(),
    }));
    this.#byId.set(id, all);
  }

  cancel(id: number): void {
    this.#byId.delete(id);
  }

  isAsking(key: string): boolean {
    return this.#byId.size > 0 && this.#all().some((target) => target.key === key);
  }

  /** All that are asked about, by key. */
  targets(): ReadonlyMap<string, Layer2Address> {
    return new Map(this.#all().map(({ key, what }) => [key, what]));
  }

  /** @param send asks for one; false where that can't be done now, so that it is tried again. */
  ask(nowMs: number, send: (what: Layer2Address) => boolean): void {
    for (const target of this.#all()) {
      if (target.owners.size > 0 || target.asked >= TIMES || target.nextMs > nowMs) continue;
      if (send(target.what)) target.asked++;
      target.nextMs = nowMs + (target.asked === 0 ? 1 : APART_MS);
    }
  }

  heard(key: string, mac: MacAddress): void {
    for (const target of this.#all())
      if (target.key === key && target.owners.size < MOST_OWNERS) target.owners.add(mac);
  }

  /** Takes out what has come to its end. */
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
    // Most of the time there is none, and this is asked after every frame.
    if (this.#byId.size === 0) return undefined;
    const all = this.#all();
    if (all.length === 0) return 0;
    return all.reduce((least, { nextMs }) => Math.min(least, nextMs), Number.POSITIVE_INFINITY);
  }

  #all(): Target[] {
    return [...this.#byId.values()].flat();
  }
}

/** One that was answered is not asked for again, and heard about a little longer: there may be two who have it. */
function isDone({ owners, asked, nextMs }: Target, nowMs: number): boolean {
  return (owners.size > 0 || asked >= TIMES) && nextMs <= nowMs;
}
