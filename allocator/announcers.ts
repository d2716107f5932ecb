/**
 * Who announces what, as the Speakers say: the holders of each address of layer 2, and the reach of each Eip by BGP.
 *
 * A reach stands in the condition of every Service of the Eip, so it is renewed only when it has been another for a while: a node that restarts,
 * or a session that comes and goes, rewrites nothing. Whether anybody announces at all is told at once.
 */
import type { BgpConfObject, BgpPeerObject } from '../lib/api/bgp-types.ts';
import type { Eip } from '../lib/api/eip.ts';
import { BGP_CONF_NAME } from '../lib/api/keys.ts';
import { parseBgpConf } from '../lib/api/parse-bgp-conf.ts';
import { parseBgpPeer } from '../lib/api/parse-bgp-peer.ts';
import type { SpeakerObject } from '../lib/api/speaker-types.ts';
import type { Change, Store } from '../lib/kube/store.ts';
import { type Address, formatAddress } from '../lib/net/address.ts';
import { type BgpReach, bgpReach, type ReachedEip, type ReachFacts } from './bgp-reach.ts';
import type { Owner } from './decide-announced.ts';
import { isNewer } from './fresh.ts';

export interface AnnouncerStores {
  readonly speakers: Store<SpeakerObject>;
  readonly bgpPeers: Store<BgpPeerObject>;
  readonly bgpConfs: Store<BgpConfObject>;
}

export interface Renewal {
  /** Of an Eip, whether anybody announces its addresses is another. */
  readonly isUrgent: boolean;
  /** Some reach that is told is another than before. */
  readonly isNews: boolean;
  /** When to look again, where something is another and not told yet. */
  readonly againAfterMs?: number;
}

/** A node restarts within it. */
const SETTLED_MS = 30_000;
/** Where sessions come and go all the time. */
const LATEST_MS = 5 * 60_000;

export class Announcers {
  readonly #stores: AnnouncerStores;
  /** Address → node → interface. */
  readonly #holders = new Map<string, Map<string, string>>();
  /** As told, by the name of the Eip. */
  #told = new Map<string, { readonly eip: ReachedEip; readonly reach: BgpReach }>();
  /** What is not told yet, as one text; since when it is that, and since when it is anything. */
  #pending: { readonly text: string; readonly sinceMs: number; readonly firstMs: number } | undefined;

  constructor(stores: AnnouncerStores) {
    this.#stores = stores;
    stores.speakers.subscribe((change) => {
      for (const { address } of heldBefore(change)) this.#drop(address, change.key);
      for (const { address, interface: name } of heldAfter(change)) this.#note(address, change.key, name);
    });
  }

  /**
   * Of several the one whose Speaker changed last: a node that lost its power says for ever what it said last, and whoever took over from it said so
   * later.
   */
  ownerOf(address: Address): Owner | undefined {
    let last: { readonly owner: Owner; readonly speaker: SpeakerObject } | undefined;
    for (const [node, name] of this.#holders.get(formatAddress(address)) ?? []) {
      const speaker = this.#stores.speakers.get(node);
      if (speaker && (!last || isNewer(speaker, last.speaker))) last = { owner: { node, interface: name }, speaker };
    }
    return last?.owner;
  }

  /** As it is told, until {@link renew} says otherwise. */
  reachOf({ name, range: { family } }: Eip): BgpReach {
    const told = this.#told.get(name);
    if (told?.eip.family === family) return told.reach;
    const eip = { name, family };
    const reach = bgpReach(eip, this.#facts());
    this.#told.set(name, { eip, reach });
    return reach;
  }

  renew(nowMs: number): Renewal {
    const facts = this.#facts();
    const all = [...this.#told.values()].map((one) => ({ ...one, next: bgpReach(one.eip, facts) }));
    const others = all.filter(({ reach, next }) => textOf(reach) !== textOf(next));
    const urgent = others.filter(({ reach, next }) => reach.reason !== next.reason);
    const rest = others.filter((one) => !urgent.includes(one));
    const waitMs = this.#waitMs(rest.map(({ eip, next }) => `${eip.name} ${textOf(next)}`).join(), nowMs);
    const told = waitMs > 0 ? urgent : others;
    for (const { eip, next } of told) this.#told.set(eip.name, { eip, reach: next });
    return {
      isUrgent: urgent.length > 0,
      isNews: told.length > 0,
      ...(waitMs > 0 && { againAfterMs: waitMs }),
    };
  }

  /** Whatever was told before is told anew as it is: somebody else may have told it. */
  reset(): void {
    this.#told.clear();
    this.#pending = undefined;
  }

  /** The Eip is gone. */
  forget(eipName: string): void {
    this.#told.delete(eipName);
  }

  /** How long what is another has to wait still; 0 also where nothing is. */
  #waitMs(text: string, nowMs: number): number {
    if (text === '') {
      this.#pending = undefined;
      return 0;
    }
    const { sinceMs, firstMs } = this.#pending ?? { sinceMs: nowMs, firstMs: nowMs };
    this.#pending = { text, sinceMs: this.#pending?.text === text ? sinceMs : nowMs, firstMs };
    const waitMs = Math.min(this.#pending.sinceMs + SETTLED_MS, firstMs + LATEST_MS) - nowMs;
    if (waitMs <= 0) this.#pending = undefined;
    return Math.max(0, waitMs);
  }

  #facts(): ReachFacts {
    const { speakers, bgpPeers, bgpConfs } = this.#stores;
    const families = new Map(
      [...bgpPeers.values()].map((object) => {
        const parsed = parseBgpPeer(object);
        return [object.metadata.name, parsed.ok ? parsed.value.families : undefined];
      }),
    );
    const conf = bgpConfs.get(BGP_CONF_NAME);
    return {
      speakers: [...speakers.values()],
      familiesOf: (peer) => families.get(peer),
      hasBgpConf: conf !== undefined && parseBgpConf(conf).ok,
    };
  }

  #note(address: string, node: string, name: string): void {
    const nodes = this.#holders.get(address);
    if (nodes) nodes.set(node, name);
    else this.#holders.set(address, new Map([[node, name]]));
  }

  #drop(address: string, node: string): void {
    const nodes = this.#holders.get(address);
    nodes?.delete(node);
    if (nodes?.size === 0) this.#holders.delete(address);
  }
}

/** Addresses of layer 2 that a change of a Speaker is about. */
export function movedAddresses(change: Change<SpeakerObject>): readonly string[] {
  const [before, after] = [textsOf(heldBefore(change)), textsOf(heldAfter(change))];
  const moved = [...before]
    .filter(([text]) => !after.has(text))
    .concat([...after].filter(([text]) => !before.has(text)));
  return [...new Set(moved.map(([, address]) => address))];
}

type Held = NonNullable<NonNullable<SpeakerObject['status']>['layer2Addresses']>;

function heldBefore(change: Change<SpeakerObject>): Held {
  const before = change.type === 'modified' ? change.old : change.type === 'deleted' ? change.object : undefined;
  return before?.status?.layer2Addresses ?? [];
}

function heldAfter({ type, object }: Change<SpeakerObject>): Held {
  return type === 'deleted' ? [] : (object.status?.layer2Addresses ?? []);
}

function textsOf(held: Held): Map<string, string> {
  return new Map(held.map(({ address, interface: name }) => [`${address} ${name}`, address]));
}

function textOf({ reason, nodes, peers }: BgpReach): string {
  return JSON.stringify([reason, nodes, peers]);
}
