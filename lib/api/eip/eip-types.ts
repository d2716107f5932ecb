/** Eip (`network.kubesphere.io/v1alpha2`, OpenELB's) as stored. `parseEip` checks it. */
import type { LabelSelector } from '../meta/label-selector.ts';
import type { Condition, KubeObject } from '../meta/object.ts';

export type EipProtocol = 'bgp' | 'layer2' | 'vip';

export interface EipObject extends KubeObject {
  readonly spec?: {
    readonly address?: string;
    readonly protocol?: string;
    readonly interface?: string;
    readonly disable?: boolean;
    readonly usingKnownIPs?: boolean;
    /** Among Eips bound to a namespace the smaller number is preferred. Default 0. */
    readonly priority?: number;
    readonly namespaces?: readonly string[];
    /** Equality of all pairs, not a LabelSelector. */
    readonly namespaceSelector?: Readonly<Record<string, string>>;
    /** New: false keeps the addresses for Services that name the Eip, or request one of them. Default true. */
    readonly autoAssign?: boolean;
    /** New: IPv4 addresses that end in .0 or .255 are never given. Default false. */
    readonly avoidBuggyIPs?: boolean;
    /** New: the handling of a Service that names this Eip and finds no address in it. Default `Pend`. */
    readonly whenFull?: 'Pend' | 'Refuse';
    /** New: a Service with `externalTrafficPolicy: Cluster` and no endpoint. Default `Keep`. */
    readonly whenNoEndpoints?: 'Keep' | 'Withdraw';
    /** New: the nodes that announce the addresses, or may own them (layer 2), by their labels. Default all. */
    readonly nodeSelector?: LabelSelector;
    /** New, layer 2: addresses move one by one to the nodes that the hash prefers, where they otherwise stay. Default false. */
    readonly rebalance?: boolean;
    /** New, BGP: attributes of the routes, aggregates, and the routers that get them. Default: bare host routes, to every router. */
    readonly bgp?: {
      /** `65000:100`, `65000:1:2`, `rt:65000:100`, `no-export` (`community.ts`). */
      readonly communities?: readonly string[];
      readonly localPref?: number;
      readonly med?: number;
      readonly asPathPrepend?: number;
      readonly aggregation?: {
        /** Prefix lengths; that of the Eip's family counts. */
        readonly ipv4?: number;
        readonly ipv6?: number;
        /** False: where there is an aggregate, the addresses themselves are not announced. Default true. */
        readonly hostRoutes?: boolean;
      };
      /** The BgpPeers that get the routes, by name or by label. Default all. */
      readonly peers?: {
        readonly names?: readonly string[];
        readonly selector?: LabelSelector;
      };
      /** At most so many nodes announce an address at once. Default all. */
      readonly announcers?: number;
      /** Annotations of Services that count. Default none. */
      readonly allowServiceOverrides?: {
        readonly communities?: boolean;
        readonly peers?: boolean;
      };
    };
  };
  readonly status?: EipStatus;
}

/** OpenELB's fields, computed from the claims. Zero values are written, so that no column is empty. */
export interface EipStatus {
  readonly firstIP?: string;
  readonly lastIP?: string;
  /** Number of addresses (`count.ts`). */
  readonly poolSize?: number;
  readonly v4?: boolean;
  /** Canonical address → `namespace/name`, shared addresses joined by `;`. */
  readonly used?: Readonly<Record<string, string>>;
  readonly usage?: number;
  /** New: the number of Services that would take an address of the Eip, and find none. */
  readonly waiting?: number;
  /** New: the number of free addresses that are never given. */
  readonly reserved?: number;
  readonly occupied?: boolean;
  readonly ready?: boolean;
  readonly conditions?: readonly Condition[];
}
