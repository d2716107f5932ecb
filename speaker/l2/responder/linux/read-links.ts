/**
 * Reads the kernel's messages about interfaces into {@link Link}s. Pure.
 *
 * Loopback, interfaces without an Ethernet address or without ARP (dummies, tunnels), and ports are no links: a bridge, a bond or a team takes the frames of its
 * ports, and answers as a whole.
 */
import type { Address } from '../../../../lib/net/address.ts';
import { type MacAddress, readMac } from '../../frames/mac-address.ts';
import type { Link } from '../../link/link.ts';
import {
  attributesOf,
  type NetlinkMessage,
  RTM_NEWADDR,
  RTM_NEWLINK,
  readInterface,
  readInterfaceAddress,
} from './netlink.ts';

export interface NodeLinks {
  /** Sorted by name. */
  readonly links: readonly Link[];
  /** The MAC addresses of all interfaces, with ports: frames from these are this node's own. */
  readonly macs: ReadonlySet<MacAddress>;
  /**
   * The addresses that the kernel answers for: of all interfaces but loopback and those without ARP. The addresses on kube-proxy's `kube-ipvs0` belong to
   * Services, and with `strictARP` the kernel does not answer for them.
   */
  readonly addresses: readonly Address[];
}

export const NO_LINKS: NodeLinks = { links: [], macs: new Set(), addresses: [] };

const ARPHRD_ETHER = 1;
const IFF_UP = 0x1;
const IFF_LOOPBACK = 0x8;
const IFF_RUNNING = 0x40;
const IFF_NOARP = 0x80;
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_LINKINFO = 18;
const IFLA_INFO_SLAVE_KIND = 4;
const IFLA_EVENT = 44;
const MAC_BYTES = 6;
/** A port of a VRF is an interface like any other. */
const KIND_OF_ROUTING = 'vrf';
/** IFLA_EVENT_BONDING_FAILOVER and IFLA_EVENT_NOTIFY_PEERS. */
const EVENTS_TO_TELL = [3, 4];

/** @param messages of the kernel about interfaces and about addresses. */
export function readLinks(messages: readonly NetlinkMessage[]): NodeLinks {
  const addresses = new Map<number, Address[]>();
  for (const { type, body } of messages) {
    const read = type === RTM_NEWADDR ? readInterfaceAddress(body) : undefined;
    if (read) addresses.set(read.index, [...(addresses.get(read.index) ?? []), read.address]);
  }
  const links: Link[] = [];
  const own: Address[] = [];
  const macs = new Set<MacAddress>();
  for (const { type, body } of messages) {
    const found = type === RTM_NEWLINK ? readInterface(body) : undefined;
    if (!found) continue;
    const { index, flags, hardware, attributes } = found;
    const doesArp = (flags & (IFF_LOOPBACK | IFF_NOARP)) === 0;
    const itsOwn = addresses.get(index) ?? [];
    if (doesArp) own.push(...itsOwn);
    const macBytes = attributes.get(IFLA_ADDRESS);
    if (hardware !== ARPHRD_ETHER || macBytes?.length !== MAC_BYTES) continue;
    const mac = readMac(macBytes, 0);
    macs.add(mac);
    if (!doesArp || isPort(attributes)) continue;
    const isUp = (flags & IFF_UP) !== 0 && (flags & IFF_RUNNING) !== 0;
    links.push({ name: nameOf(attributes), index, mac, isUp, addresses: itsOwn });
  }
  links.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { links, macs, addresses: own };
}

/** The index of an interface that has not changed, but whose neighbours have to update their caches. The kernel announces its own addresses then. */
export function indexToTellOf({ type, body }: NetlinkMessage): number | undefined {
  const found = type === RTM_NEWLINK ? readInterface(body) : undefined;
  const event = found?.attributes.get(IFLA_EVENT);
  return event?.length === 4 && EVENTS_TO_TELL.includes(event.readUInt32LE(0)) ? found?.index : undefined;
}

function nameOf(attributes: ReadonlyMap<number, Buffer>): string {
  return attributes.get(IFLA_IFNAME)?.toString('utf8').replace(/\0.*$/s, '') ?? '';
}

function isPort(attributes: ReadonlyMap<number, Buffer>): boolean {
  const info = attributes.get(IFLA_LINKINFO);
  const kind = info && attributesOf(info, 0).get(IFLA_INFO_SLAVE_KIND);
  return kind !== undefined && kind.toString('utf8').replace(/\0.*$/s, '') !== KIND_OF_ROUTING;
}
