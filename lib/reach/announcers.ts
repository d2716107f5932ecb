/** Answers from Nodes and Speakers which node has each address of layer 2, and which nodes announce the addresses of each Eip. */

import { type NodeState, nodeState } from '../announce/node-state.ts';
import { type BgpConf, rackOf } from '../api/bgp/bgp.ts';
import type { BgpConfObject, BgpPeerObject } from '../api/bgp/bgp-types.ts';
import { parseBgpConf } from '../api/bgp/parse-bgp-conf.ts';
import { parseBgpPeer } from '../api/bgp/parse-bgp-peer.ts';
import type { Eip } from '../api/eip/eip.ts';
import { ALL_PROTOCOLS, type Protocols } from '../api/eip/protocols.ts';
import { BGP_CONF_NAME } from '../api/keys.ts';
import { isNewer } from '../api/meta/resource-version.ts';
import type { Node } from '../api/service/service.ts';
import type { Layer2Conflict, SpeakerObject, SpeakerSession } from '../api/skycap/speaker-types.ts';
import type { Change, Store } from '../kube/cache/store.ts';
import { type Address, formatAddress } from '../net/address.ts';
import { type AddressRange, rangeText } from '../net/range.ts';
import { calicoShare } from './calico.ts';
import type { Conflict, Owner } from './decide-announced.ts';
import { type EipReach, eipReach, type ReachFacts, reachText } from './eip-reach.ts';
import { isLost } from './heard-speaker.ts';

export interface AnnouncerStores {
  readonly speakers: Store<SpeakerObject>;
  readonly nodes: Store<Node>;
  readonly bgpPeers: Store<BgpPeerObject>;
  readonly bgpConfs: Store<BgpConfObject>;
}

export class Announcers {
  readonly #stores: AnnouncerStores;
  readonly #protocols: Protocols;
  /** Address → node → interface. */
  readonly #holders = new Map<string, Map<string, string>>();
  /** Address → node → the machines that the node saw. */
  readonly #conflicts = new Map<string, Map<string, readonly Layer2Conflict[]>>();
  #calico: readonly AddressRange[] = [];
  /** Valid until one of their inputs changes. */
  #facts: ReachFacts | undefined;
  readonly #reaches = new Map<string, EipReach>();

  constructor(stores: AnnouncerStores, protocols: Protocols = ALL_PROTOCOLS) {
    this.#stores = stores;
    this.#protocols = protocols;
    stores.speakers.subscribe((change) => {
      for (const { address } of heldBefore(change)) drop(this.#holders, address, change.key);
      for (const { address, interface: name } of heldAfter(change)) note(this.#holders, address, change.key, name);
      for (const { address } of conflictsBefore(change)) drop(this.#conflicts, address, change.key);
      for (const [address, seen] of byAddress(conflictsAfter(change))) note(this.#conflicts, address, change.key, seen);
      if (concernsReach(change)) this.#forgetReaches();
    });
    stores.nodes.subscribe(() => this.#forgetReaches());
    stores.bgpPeers.subscribe(() => this.#forgetReaches());
    stores.bgpConfs.subscribe(() => this.#forgetReaches());
  }

  /**
   * Of several owners the one whose Speaker changed last: the Speaker of a node without power keeps its last status, and the successor's report is later.
   */
  ownerOf(address: Address): Owner | undefined {
    let last: { readonly owner: Owner; readonly speaker: SpeakerObject } | undefined;
    for (const [node, name] of this.#holders.get(formatAddress(address)) ?? []) {
      const speaker = this.#stores.speakers.get(node);
      if (speaker && (!last || isNewer(speaker, last.speaker))) last = { owner: { node, interface: name }, speaker };
    }
    return last?.owner;
  }

  /** Machines that have the address beside Skycap, each once, in a fixed order. */
  conflictsOf(address: Address): readonly Conflict[] {
    const seen = [...(this.#conflicts.get(formatAddress(address)) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
    const byMac = new Map<string, Conflict>();
    for (const [seenBy, conflicts] of seen) {
      for (const one of conflicts) if (!byMac.has(one.mac)) byMac.set(one.mac, { ...one, seenBy });
    }
    return [...byMac.values()];
  }

  /** @param ranges that Calico announces. @returns whether they differ from before. */
  setCalico(ranges: readonly AddressRange[]): boolean {
    const isSame = rangesText(ranges) === rangesText(this.#calico);
    this.#calico = ranges;
    if (!isSame) this.#forgetReaches();
    return !isSame;
  }

  reachOf(eip: Eip): EipReach {
    const key = `${reachKey(eip)} ${calicoShare(this.#calico, eip.range)}`;
    const known = this.#reaches.get(key);
    if (known) return known;
    this.#facts ??= this.#gather();
    const reach = eipReach(eip, this.#facts);
    this.#reaches.set(key, reach);
    return reach;
  }

  #forgetReaches(): void {
    this.#facts = undefined;
    this.#reaches.clear();
  }

  #gather(): ReachFacts {
    const { speakers, nodes, bgpPeers, bgpConfs } = this.#stores;
    const conf = bgpConfs.get(BGP_CONF_NAME);
    const parsed = conf && parseBgpConf(conf);
    const ofConf = parsed?.ok ? parsed.value.families : undefined;
    const families = new Map(
      [...bgpPeers.values()].map((object) => {
        const peer = parseBgpPeer(object);
        return [object.metadata.name, (peer.ok ? peer.value.families : undefined) ?? ofConf];
      }),
    );
    const sharedWith = parsed?.ok ? sharedSessions(this.#stores, parsed.value) : undefined;
    return {
      protocols: this.#protocols,
      ...(sharedWith && { sharedWith }),
      nodes: [...speakers.values()].map(({ metadata: { name = '' }, status }) => {
        const node = nodes.get(name);
        return { name, state: stateOf(name, node), isLost: isLost(node), status };
      }),
      familiesOf: (peer) => families.get(peer),
      labelsOf: (peer) => bgpPeers.get(peer)?.metadata.labels,
      bgpConf: !parsed?.ok ? 'missing' : parsed.value.announcedByCni ? 'announcedByCni' : 'usable',
      calico: this.#calico,
    };
  }
}

function rangesText(ranges: readonly AddressRange[]): string {
  return ranges.map(rangeText).sort().join();
}

/** One for each BgpPeer and rack is enough: a path by a node that several sessions have is a path. */
function sharedSessions(
  { speakers, nodes, bgpPeers }: Pick<AnnouncerStores, 'speakers' | 'nodes' | 'bgpPeers'>,
  conf: BgpConf,
): NonNullable<ReachFacts['sharedWith']> | undefined {
  const peers = new Set(
    [...bgpPeers.values()].flatMap(({ metadata, spec }) => (spec?.nextHops === 'AllNodes' ? [metadata.name] : [])),
  );
  if (peers.size === 0) return undefined;
  const byRack = new Map<string | undefined, Map<string, SpeakerSession>>();
  for (const { metadata, status } of speakers.values()) {
    const established = (status?.sessions ?? []).filter(
      ({ peer, state, disabled }) => peers.has(peer) && state === 'Established' && !disabled,
    );
    if (established.length === 0) continue;
    const rack = rackOf(conf, nodes.get(metadata.name ?? '')?.metadata.labels ?? {});
    const known = byRack.get(rack) ?? new Map<string, SpeakerSession>();
    byRack.set(rack, known);
    for (const session of established) known.set(session.peer, session);
  }
  return ({ state }) => [...(byRack.get(rackOf(conf, state.labels))?.values() ?? [])];
}

const keys = new WeakMap<Eip, string>();

/** The fields of an Eip that its reach depends on. The Eip is parsed anew with every address that it gives. */
function reachKey(eip: Eip): string {
  const known =
    keys.get(eip) ?? JSON.stringify([eip.name, eip.protocol, eip.range.family, eip.nodeSelector, eip.bgp?.peers]);
  keys.set(eip, known);
  return known;
}

const states = new WeakMap<Node, NodeState>();

/** A speaker without a Node in the cache counts as able to announce: its Speaker object is deleted with the Node. */
function stateOf(name: string, node: Node | undefined): NodeState {
  const known = node && states.get(node);
  if (known) return known;
  if (!node) return { ...nodeState(name, undefined), leaving: false, addresses: UNKNOWN_ADDRESSES };
  const state = nodeState(name, node);
  states.set(node, state);
  return state;
}

const UNKNOWN_ADDRESSES: NodeState['addresses'] = { 4: { family: 4, value: 0n }, 6: { family: 6, value: 0n } };

/** The addresses of layer 2 whose owner, or whose other machine, a change of a Speaker changes. */
export function movedAddresses(change: Change<SpeakerObject>): readonly string[] {
  const [before, after] = [textsOf(heldBefore(change)), textsOf(heldAfter(change))];
  for (const one of conflictsBefore(change)) before.set(JSON.stringify(one), one.address);
  for (const one of conflictsAfter(change)) after.set(JSON.stringify(one), one.address);
  const moved = [...before]
    .filter(([text]) => !after.has(text))
    .concat([...after].filter(([text]) => !before.has(text)));
  return [...new Set(moved.map(([, address]) => address))];
}

/** Whether an Eip's reach may depend on the change. */
export function concernsReach(change: Change<SpeakerObject>): boolean {
  return change.type !== 'modified' || reachText(change.old) !== reachText(change.object);
}

type Held = NonNullable<NonNullable<SpeakerObject['status']>['layer2Addresses']>;

function heldBefore(change: Change<SpeakerObject>): Held {
  return statusBefore(change)?.layer2Addresses ?? [];
}

function heldAfter(change: Change<SpeakerObject>): Held {
  return statusAfter(change)?.layer2Addresses ?? [];
}

function conflictsBefore(change: Change<SpeakerObject>): readonly Layer2Conflict[] {
  return statusBefore(change)?.layer2Conflicts ?? [];
}

function conflictsAfter(change: Change<SpeakerObject>): readonly Layer2Conflict[] {
  return statusAfter(change)?.layer2Conflicts ?? [];
}

function statusBefore(change: Change<SpeakerObject>): SpeakerObject['status'] {
  const before = change.type === 'modified' ? change.old : change.type === 'deleted' ? change.object : undefined;
  return before?.status;
}

function statusAfter({ type, object }: Change<SpeakerObject>): SpeakerObject['status'] {
  return type === 'deleted' ? undefined : object.status;
}

function textsOf(held: Held): Map<string, string> {
  return new Map(held.map(({ address, interface: name }) => [`${address} ${name}`, address]));
}

function byAddress(conflicts: readonly Layer2Conflict[]): Map<string, Layer2Conflict[]> {
  const found = new Map<string, Layer2Conflict[]>();
  for (const one of conflicts) found.set(one.address, [...(found.get(one.address) ?? []), one]);
  return found;
}

function note<T>(index: Map<string, Map<string, T>>, address: string, node: string, value: T): void {
  const nodes = index.get(address);
  if (nodes) nodes.set(node, value);
  else index.set(address, new Map([[node, value]]));
}

function drop<T>(index: Map<string, Map<string, T>>, address: string, node: string): void {
  const nodes = index.get(address);
  nodes?.delete(node);
  if (nodes?.size === 0) index.delete(address);
}
