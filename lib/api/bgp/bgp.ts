/** BgpConf and BgpPeer parsed: every value checked, every default filled in. `parse-bgp-conf.ts` and `parse-bgp-peer.ts` make them. */
import type { Address, Family } from '../../net/address.ts';
import { firstOf, RACK_LABELS } from '../keys.ts';
import type { LabelRequirement } from '../meta/label-selector.ts';

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
  /** The nodes connect to the routers, and never the other way: `listenPort` is one that nobody dials. */
  readonly dialOnly: boolean;
  /** A CNI speaks BGP by this object (label `openelb.kubesphere.io/cni`): Skycap does not. */
  readonly announcedByCni: boolean;
}

export interface BgpPeer {
  readonly name: string;
  readonly neighbor: Address;
  readonly neighborPort: number;
  readonly neighborAs: number;
  /** Absent: that of the BgpConf. */
  readonly localAs?: number;
  /** TCP MD5 (RFC 2385): 1 to 80 bytes without `"` and control characters. Never shown, in no log, condition or problem. */
  readonly password?: string;
  /** Free text of the user. */
  readonly description?: string;
  /** `adminDown`: the session is configured and kept down. */
  readonly disabled: boolean;
  /** Waits for the router to connect. */
  readonly passive: boolean;
  /** Hops to a router of another AS, 1 to 255. Absent: it is on a network of the node. */
  readonly ebgpMultihopTtl?: number;
  readonly holdTimeSeconds: number;
  readonly keepaliveSeconds: number;
  readonly connectRetrySeconds: number;
  /** Absent: both, where the node has an address of the family. */
  readonly families?: readonly Family[];
  /** All must hold of the Node's labels; empty: every node. */
  readonly nodeSelector: readonly LabelRequirement[];
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
  const rack = firstOf(nodeLabels, RACK_LABELS);
  const ofRack = rack === undefined ? undefined : conf.asPerRack.get(rack);
  if (ofRack !== undefined) return { as: ofRack, fromRack: true };
  return conf.as === undefined ? undefined : { as: conf.as, fromRack: false };
}
