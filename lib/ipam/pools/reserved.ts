/**
 * Addresses that the cluster knows to be in use or reserved, and that no Service is given: addresses of nodes, of the routers of BgpPeers, of pod and Service networks,
 * and on layer 2 the addresses that no host of the segment may have.
 */
import type { BgpPeerObject } from '../../api/bgp/bgp-types.ts';
import type { Eip } from '../../api/eip/eip.ts';
import { type KubeObject, keyOf } from '../../api/meta/object.ts';
import type { Node, ServiceCidr } from '../../api/service/service.ts';
import type { SpeakerObject } from '../../api/skycap/speaker-types.ts';
import type { Store } from '../../kube/cache/store.ts';
import { parseAddress } from '../../net/address.ts';
import { type AddressRange, parseRange, rangeSize } from '../../net/range.ts';
import { type Reservation, Withheld } from './withheld.ts';

export interface ReservedSources {
  /** As {@link addressesOfNode} leaves them. */
  readonly nodes: Store<Node>;
  readonly bgpPeers: Store<BgpPeerObject>;
  readonly serviceCidrs: Store<ServiceCidr>;
  readonly speakers: Store<SpeakerObject>;
}

type Source<T extends KubeObject> = Pick<Store<T>, 'subscribe'>;

/** Objects that were read once. */
export interface ReservingObjects {
  readonly nodes: readonly Node[];
  readonly bgpPeers: readonly BgpPeerObject[];
  readonly serviceCidrs: readonly ServiceCidr[];
  readonly speakers: readonly SpeakerObject[];
}

/** Node addresses of these types are addresses on the wire. */
const NODE_ADDRESS_TYPES: readonly string[] = ['InternalIP', 'ExternalIP'];

/** Follows the stores, and computes lazily after a change. */
export class ReservedAddresses {
  /** Called on a change, with the addresses concerned. */
  onChange: (of: readonly AddressRange[]) => void = () => {};
  readonly #byObject = new Map<string, readonly Reservation[]>();
  #all: readonly Reservation[] | undefined;
  #withheld = new WeakMap<Eip, Withheld>();

  constructor(sources: { readonly [K in keyof ReservedSources]: Pick<ReservedSources[K], 'subscribe'> }) {
    const { nodes, bgpPeers, serviceCidrs, speakers } = sources;
    this.#follow(nodes, 'node', ofNode);
    this.#follow(bgpPeers, 'bgppeer', ofBgpPeer);
    this.#follow(serviceCidrs, 'servicecidr', ofServiceCidr);
    this.#follow(speakers, 'speaker', ofSpeaker);
  }

  /** The addresses of the Eip that are never given. */
  withheldFrom(eip: Eip): Withheld {
    const known = this.#withheld.get(eip);
    if (known) return known;
    this.#all ??= distinct([...this.#byObject.values()].flat());
    const withheld = new Withheld(eip, this.#all);
    this.#withheld.set(eip, withheld);
    return withheld;
  }

  #follow<T extends KubeObject>(store: Source<T>, kind: string, of: (object: T) => readonly Reservation[]): void {
    store.subscribe(({ type, key, object }) => {
      const id = `${kind}/${key}`;
      const before = this.#byObject.get(id) ?? [];
      const now = type === 'deleted' ? [] : of(object);
      if (textOf(before) === textOf(now)) return;
      if (now.length > 0) this.#byObject.set(id, now);
      else this.#byObject.delete(id);
      this.#all = undefined;
      this.#withheld = new WeakMap();
      this.onChange([...before, ...now].map(({ range }) => range));
    });
  }
}

export function reservedIn({ nodes, bgpPeers, serviceCidrs, speakers }: ReservingObjects): ReservedAddresses {
  return new ReservedAddresses({
    nodes: sourceOf(nodes),
    bgpPeers: sourceOf(bgpPeers),
    serviceCidrs: sourceOf(serviceCidrs),
    speakers: sourceOf(speakers),
  });
}

function sourceOf<T extends KubeObject>(objects: readonly T[]): Source<T> {
  return {
    subscribe: (listener) => {
      for (const object of objects) listener({ type: 'added', key: keyOf(object), object });
    },
  };
}

/** The part of a Node that this needs. */
export function addressesOfNode({ spec, status }: Node): Pick<Node, 'spec' | 'status'> {
  const podCIDRs = podNetworks(spec);
  const addresses = (status?.addresses ?? []).filter(({ type }) => NODE_ADDRESS_TYPES.includes(type));
  return { ...(podCIDRs.length > 0 && { spec: { podCIDRs } }), ...(addresses.length > 0 && { status: { addresses } }) };
}

/** @returns whether two Nodes have the same addresses and pod networks. */
export function sameAddresses(a: Node, b: Node): boolean {
  return JSON.stringify(addressesOfNode(a)) === JSON.stringify(addressesOfNode(b));
}

export function ofNode({ metadata: { name = '' }, spec, status }: Node): Reservation[] {
  const addresses = (status?.addresses ?? []).filter(({ type }) => NODE_ADDRESS_TYPES.includes(type));
  return [
    ...addresses.flatMap(({ address }) => single(address, `an address of node ${name}`)),
    ...podNetworks(spec).flatMap((text) => network(text, `in the pod network of node ${name} (${text})`)),
  ];
}

export function ofBgpPeer({ metadata: { name = '' }, spec }: BgpPeerObject): Reservation[] {
  return single(spec?.conf?.neighborAddress, `the router of BgpPeer ${name}`);
}

export function ofServiceCidr({ spec }: ServiceCidr): Reservation[] {
  return (spec?.cidrs ?? []).flatMap((text) => network(text, `in the network of cluster IPs (${text})`));
}

/** Only for a network with a host part: on a link between two hosts, all addresses are hosts' (RFC 3021, RFC 6164). */
export function ofSpeaker({ status }: SpeakerObject): Reservation[] {
  const onLayer2Only = true;
  const ofNetworks = (status?.networks ?? []).flatMap((text): Reservation[] => {
    const parsed = parseRange(text);
    if (!parsed.ok || rangeSize(parsed.range) <= 2n) return [];
    const { range } = parsed;
    const first = { family: range.family, first: range.first, last: range.first };
    // RFC 4291 §2.6.1.
    if (range.family === 6) {
      const router = { range: first, what: `the subnet-router anycast address of ${text}`, onLayer2Only };
      if (rangeSize(range) !== 1n << 64n) return [router];
      const anycast = { family: range.family, ...anycastIn(range.first) };
      return [router, { range: anycast, what: `kept for subnet anycast in ${text}`, onLayer2Only }];
    }
    const last = { family: range.family, first: range.last, last: range.last };
    return [
      { range: first, what: `the network address of ${text}`, onLayer2Only },
      { range: last, what: `the broadcast address of ${text}`, onLayer2Only },
    ];
  });
  const ofGateways = (status?.gateways ?? []).flatMap((text) => single(text, 'the gateway of a node'));
  return [...ofNetworks, ...ofGateways];
}

/** RFC 2526 §2, for a /64. In a smaller subnet, half of the addresses would be reserved. */
function anycastIn(subnet: bigint): Pick<AddressRange, 'first' | 'last'> {
  return { first: subnet + 0xfdff_ffff_ffff_ff80n, last: subnet + 0xfdff_ffff_ffff_ffffn };
}

function podNetworks(spec: Node['spec']): readonly string[] {
  return spec?.podCIDRs ?? (spec?.podCIDR === undefined ? [] : [spec.podCIDR]);
}

function single(text: string | undefined, what: string): Reservation[] {
  const address = typeof text === 'string' ? parseAddress(text) : undefined;
  if (!address) return [];
  const range: AddressRange = { family: address.family, first: address.value, last: address.value };
  return [{ range, what }];
}

function network(text: string, what: string): Reservation[] {
  const parsed = typeof text === 'string' ? parseRange(text) : undefined;
  return parsed?.ok ? [{ range: parsed.range, what }] : [];
}

/** All nodes of a segment report the same. */
function distinct(reservations: readonly Reservation[]): readonly Reservation[] {
  return [...new Map(reservations.map((one) => [textOf([one]), one])).values()];
}

function textOf(reservations: readonly Reservation[]): string {
  return reservations.map(({ range, what }) => `${range.family} ${range.first} ${range.last} ${what}`).join('\n');
}
