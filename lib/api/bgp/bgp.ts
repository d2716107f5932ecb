/** BgpConf and BgpPeer in parsed form, with every value checked and every default filled in, by `parse-bgp-conf.ts` and `parse-bgp-peer.ts`. */
import { type Address, type Family, formatAddress } from '../../net/address.ts';
import { type AddressRange, rangesOverlap } from '../../net/range.ts';
import { firstOf, RACK_LABELS } from '../keys.ts';
import type { LabelRequirement } from '../meta/label-selector.ts';
import type { MaintenanceSettings } from './maintenance.ts';

/** The port of BGP, on nodes and routers (RFC 4271 §8). */
export const BGP_PORT = 179;
/**
 * BIRD's port with `listenPort: -1` (dial only), since BIRD needs a listening socket. The port is outside Kubernetes' range of node ports and Linux' range of ephemeral
 * ports, so that it conflicts with no other program. It is not 179, so that no router dials it.
 */
export const DIAL_ONLY_PORT = 61_790;

export interface BgpConf {
  readonly name: string;
  /** Absent if every node has its AS number from its rack. */
  readonly as?: number;
  /** AS number by the value of a Node's rack label. The field is OpenELB's; see {@link localAsOf}. */
  readonly asPerRack: ReadonlyMap<string, number>;
  /** IPv4 text, the same on all nodes, as in OpenELB. Absent: each node's own first IPv4 address. */
  readonly routerId?: string;
  readonly listenPort: number;
  /** The name of a ConfigMap in Skycap's namespace. */
  readonly policy?: string;
  /** The nodes dial the routers, and no router dials a node: `listenPort` is `DIAL_ONLY_PORT`. */
  readonly dialOnly: boolean;
  /** A node listens on its addresses in these ranges. Absent: on all its addresses. */
  readonly listenRanges?: readonly AddressRange[];
  /** The families of the sessions. Absent: both. */
  readonly families?: readonly Family[];
  readonly gracefulRestart: GracefulRestartOptions;
  /** If the BgpConf has the label `openelb.kubesphere.io/cni`, a CNI uses it and Skycap does not. */
  readonly announcedByCni: boolean;
  readonly maintenance: MaintenanceSettings;
}

/** The other end of a session. */
export type Neighbor =
  | { readonly kind: 'address'; readonly address: Address }
  | { readonly kind: 'linkLocal'; readonly address: Address; readonly interface: string }
  /** Unnumbered: the router on this interface connects from its link-local address. */
  | { readonly kind: 'interface'; readonly interface: string }
  /** Dynamic neighbors: every router in the prefix may connect. */
  | { readonly kind: 'prefix'; readonly range: AddressRange; readonly text: string };

/** The neighbor as text: `192.0.2.1`, `fe80::1%eth1`, `eth1` or `192.0.2.0/24`. */
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

/** The family of the TCP connection. */
export function neighborFamily(neighbor: Neighbor): Family {
  if (neighbor.kind === 'interface') return 6;
  return neighbor.kind === 'prefix' ? neighbor.range.family : neighbor.address.family;
}

/** Whether a node can have only one session for both. */
export function isSameRouter(a: RouterEnd, b: RouterEnd): boolean {
  if (a.vrf !== b.vrf) return false;
  if (a.neighbor.kind === 'prefix' && b.neighbor.kind === 'prefix')
    return rangesOverlap(a.neighbor.range, b.neighbor.range);
  return neighborText(a.neighbor) === neighborText(b.neighbor) && a.neighborPort === b.neighborPort;
}

type RouterEnd = Pick<BgpPeer, 'neighbor' | 'neighborPort' | 'vrf'>;

/** Whether only the router can start the connection, since BIRD does not know the router's address. */
export function neighborConnects({ kind }: Neighbor): boolean {
  return kind === 'interface' || kind === 'prefix';
}

/** Graceful restart (RFC 4724, RFC 9494). */
export interface GracefulRestartOptions {
  /** The nodes keep a restarting router's routes, but do not ask the router to keep theirs. */
  readonly helperOnly: boolean;
  readonly restartSeconds: number;
  /** The time for which a router may keep stale routes after that. Absent: no long-lived graceful restart. */
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
  /** The Secret's name. */
  readonly name: string;
  readonly key: string;
}

export interface BgpPeer {
  readonly name: string;
  readonly neighbor: Neighbor;
  readonly neighborPort: number;
  /** `external`: any AS number but the node's own. `internal`: the node's own. */
  readonly neighborAs: number | 'external' | 'internal';
  /** Absent: the BgpConf's AS number. */
  readonly localAs?: number;
  /** TCP MD5 (RFC 2385): 1 to 80 bytes without `"` and control characters. No log, condition or problem shows it. */
  readonly password?: string;
  /** In place of `password`: the Secret with the password, in Skycap's namespace. */
  readonly passwordRef?: PasswordRef;
  /** The user's free text. */
  readonly description?: string;
  /** `adminDown`: the session is configured and kept down. */
  readonly disabled: boolean;
  /** The node waits for the router to connect. */
  readonly passive: boolean;
  /** The greatest number of hops to a router of another AS, 1 to 255. Absent: the router is on a network of the node. */
  readonly ebgpMultihopTtl?: number;
  /** TTL security (RFC 5082): the node drops packets from more hops away. Absent: off. */
  readonly ttlSecurityHops?: number;
  readonly bfd?: BfdOptions;
  /** Absent: the BgpConf's options. */
  readonly gracefulRestart?: GracefulRestartOptions;
  /** The node's address for the connection. */
  readonly localAddress?: Address;
  /** The interface of the connection, for a router on a network of the node. */
  readonly bindInterface?: string;
  readonly vrf?: string;
  readonly holdTimeSeconds: number;
  readonly keepaliveSeconds: number;
  readonly connectRetrySeconds: number;
  /** Absent: both families, as far as the node has an address of the family. */
  readonly families?: readonly Family[];
  /** The Node's labels must fulfil every requirement. Empty: every node. */
  readonly nodeSelector: readonly LabelRequirement[];
  /** `AllNodes`: a session has one path for each node that may announce an address. Absent: one path, by the session's own node. */
  readonly nextHops?: 'AllNodes';
  readonly announcedByCni: boolean;
}

/** A node's own AS number, and whether it comes from the node's rack. */
export interface LocalAs {
  readonly as: number;
  /** As in OpenELB, `routerId` has no effect on a node whose AS number comes from its rack. */
  readonly fromRack: boolean;
}

/** The AS number of a node with these labels: the rack's number in `asPerRack` if there is one, otherwise `as`. */
export function localAsOf(conf: BgpConf, nodeLabels: Readonly<Record<string, string>>): LocalAs | undefined {
  const rack = rackOf(conf, nodeLabels);
  const ofRack = rack === undefined ? undefined : conf.asPerRack.get(rack);
  if (ofRack !== undefined) return { as: ofRack, fromRack: true };
  return conf.as === undefined ? undefined : { as: conf.as, fromRack: false };
}

/** The rack that gives the node its AS number. Undefined if the node has the AS number of the BgpConf. */
export function rackOf(
  { asPerRack }: Pick<BgpConf, 'asPerRack'>,
  nodeLabels: Readonly<Record<string, string>>,
): string | undefined {
  const rack = firstOf(nodeLabels, RACK_LABELS);
  return rack !== undefined && asPerRack.has(rack) ? rack : undefined;
}
