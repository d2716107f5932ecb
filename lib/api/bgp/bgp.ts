/** BgpConf and BgpPeer parsed: every value checked, every default filled in. `parse-bgp-conf.ts` and `parse-bgp-peer.ts` make them. */
import { type Address, type Family, formatAddress } from '../../net/address.ts';
import { type AddressRange, rangesOverlap } from '../../net/range.ts';
import { firstOf, RACK_LABELS } from '../keys.ts';
import type { LabelRequirement } from '../meta/label-selector.ts';
import type { MaintenanceSettings } from './maintenance.ts';

/** Where BGP listens, and where a router is expected to listen (RFC 4271 §8). */
export const BGP_PORT = 179;
/**
 * Where BIRD listens with `listenPort: -1` (dial only): it cannot do without a listening socket. In neither Kubernetes' range of node ports nor Linux' of
 * ephemeral ports, and not 179, so that it is in nobody's way and no router dials it.
 */
export const DIAL_ONLY_PORT = 61_790;

export interface BgpConf {
  readonly name: string;
  /** Absent where every node takes its AS number from its rack. */
  readonly as?: number;
  /** AS numbers by the value of a Node's rack label; OpenELB's, see {@link localAsOf}. */
  readonly asPerRack: ReadonlyMap<string, number>;
  /** IPv4 text; the same on all nodes, as in OpenELB. Absent: each node's own first IPv4 address. */
  readonly routerId?: string;
  readonly listenPort: number;
  /** Name of a ConfigMap in Skycap's namespace. */
  readonly policy?: string;
  /** The nodes connect to the routers, and never the other way: `listenPort` is one that nobody dials. */
  readonly dialOnly: boolean;
  /** A node listens on those of its addresses that are in one of these. Absent: on all. */
  readonly listenRanges?: readonly AddressRange[];
  /** The families of the sessions. Absent: both. */
  readonly families?: readonly Family[];
  readonly gracefulRestart: GracefulRestartOptions;
  /** A CNI speaks BGP by this object (label `openelb.kubesphere.io/cni`): Skycap does not. */
  readonly announcedByCni: boolean;
  readonly maintenance: MaintenanceSettings;
}

/** The other end of a session. */
export type Neighbor =
  | { readonly kind: 'address'; readonly address: Address }
  | { readonly kind: 'linkLocal'; readonly address: Address; readonly interface: string }
  /** Unnumbered: the router on this interface, which connects from its link-local address. */
  | { readonly kind: 'interface'; readonly interface: string }
  /** Dynamic neighbours: every router in the prefix may connect. */
  | { readonly kind: 'prefix'; readonly range: AddressRange; readonly text: string };

/** `192.0.2.1`, `fe80::1%eth1`, `eth1` or `192.0.2.0/24`. */
export function neighborText(neighbor: Neighbor): string {
  switch (neighbor.kind) {
    case 'address':
      return formatAddress(neighbor.address);
    case 'linkLocal':
      return `${formatAddress(neighbor.address)}%${neighbor.interface}`;
    case 'interface':
      return neighbor.interface;
    case 'prefix':
      return neighbor.text;
  }
}

/** The family that the TCP connection runs over. */
export function neighborFamily(neighbor: Neighbor): Family {
  if (neighbor.kind === 'interface') return 6;
  return neighbor.kind === 'prefix' ? neighbor.range.family : neighbor.address.family;
}

/** Whether a node can have only one of two sessions. */
export function isSameRouter(a: RouterEnd, b: RouterEnd): boolean {
  if (a.vrf !== b.vrf) return false;
  if (a.neighbor.kind === 'prefix' && b.neighbor.kind === 'prefix')
    return rangesOverlap(a.neighbor.range, b.neighbor.range);
  return neighborText(a.neighbor) === neighborText(b.neighbor) && a.neighborPort === b.neighborPort;
}

type RouterEnd = Pick<BgpPeer, 'neighbor' | 'neighborPort' | 'vrf'>;

/** Only a router can begin the session: BIRD does not know its address. */
export function neighborConnects({ kind }: Neighbor): boolean {
  return kind === 'interface' || kind === 'prefix';
}

/** Graceful restart (RFC 4724, RFC 9494). */
export interface GracefulRestartOptions {
  /** The nodes keep a restarting router's routes and do not ask the router to do the same. */
  readonly helperOnly: boolean;
  readonly restartSeconds: number;
  /** How long a router may keep stale routes after that. Absent: not long-lived. */
  readonly longLivedStaleSeconds?: number;
}

/** BFD (RFC 5880) with a router. */
export interface BfdOptions {
  readonly receiveIntervalMs: number;
  readonly transmitIntervalMs: number;
  readonly multiplier: number;
  readonly passive: boolean;
}

export interface PasswordRef {
  /** Of the Secret. */
  readonly name: string;
  readonly key: string;
}

export interface BgpPeer {
  readonly name: string;
  readonly neighbor: Neighbor;
  readonly neighborPort: number;
  /** `external`: any but the node's own. `internal`: the node's own. */
  readonly neighborAs: number | 'external' | 'internal';
  /** Absent: that of the BgpConf. */
  readonly localAs?: number;
  /** TCP MD5 (RFC 2385): 1 to 80 bytes without `"` and control characters. Never shown, in no log, condition or problem. */
  readonly password?: string;
  /** Where the password is, in place of `password`: in a Secret of Skycap's namespace. */
  readonly passwordRef?: PasswordRef;
  /** Free text of the user. */
  readonly description?: string;
  /** `adminDown`: the session is configured and kept down. */
  readonly disabled: boolean;
  /** Waits for the router to connect. */
  readonly passive: boolean;
  /** Hops to a router of another AS, 1 to 255. Absent: it is on a network of the node. */
  readonly ebgpMultihopTtl?: number;
  /** TTL security (RFC 5082): packets from further away than so many hops are dropped. Absent: off. */
  readonly ttlSecurityHops?: number;
  readonly bfd?: BfdOptions;
  /** Absent: that of the BgpConf. */
  readonly gracefulRestart?: GracefulRestartOptions;
  /** The node's end of the connection. */
  readonly localAddress?: Address;
  /** The interface of the connection, where the router is on a network of the node. */
  readonly bindInterface?: string;
  readonly vrf?: string;
  readonly holdTimeSeconds: number;
  readonly keepaliveSeconds: number;
  readonly connectRetrySeconds: number;
  /** Absent: both, where the node has an address of the family. */
  readonly families?: readonly Family[];
  /** All must hold of the Node's labels; empty: every node. */
  readonly nodeSelector: readonly LabelRequirement[];
  /** A session has a path by each node that may announce an address. Absent: by its own node. */
  readonly nextHops?: 'AllNodes';
  readonly announcedByCni: boolean;
}

/** The node's own AS number and whether it is that of its rack. */
export interface LocalAs {
  readonly as: number;
  /** As in OpenELB, `routerId` is not used on a node whose AS number comes from its rack. */
  readonly fromRack: boolean;
}

/** The AS number of a node with these labels: its rack's where `asPerRack` has one, else `as`. */
export function localAsOf(conf: BgpConf, nodeLabels: Readonly<Record<string, string>>): LocalAs | undefined {
  const rack = rackOf(conf, nodeLabels);
  const ofRack = rack === undefined ? undefined : conf.asPerRack.get(rack);
  if (ofRack !== undefined) return { as: ofRack, fromRack: true };
  return conf.as === undefined ? undefined : { as: conf.as, fromRack: false };
}

/** The rack that the node has its AS number from; undefined for every node with the AS number of the BgpConf. */
export function rackOf(
  { asPerRack }: Pick<BgpConf, 'asPerRack'>,
  nodeLabels: Readonly<Record<string, string>>,
): string | undefined {
  const rack = firstOf(nodeLabels, RACK_LABELS);
  return rack !== undefined && asPerRack.has(rack) ? rack : undefined;
}
