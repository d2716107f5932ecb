/** The API types of BgpConf and BgpPeer (`network.kubesphere.io/v1alpha2`, OpenELB's), before parsing. */
import type { LabelSelector } from '../meta/label-selector.ts';
import type { Condition, KubeObject } from '../meta/object.ts';

export interface GracefulRestart {
  readonly enabled?: boolean;
  readonly restartTime?: number;
  readonly helperOnly?: boolean;
  readonly deferralTime?: number;
  readonly notificationEnabled?: boolean;
  readonly longlivedEnabled?: boolean;
  readonly staleRoutesTime?: number;
  readonly peerRestartTime?: number;
  readonly peerRestarting?: boolean;
  readonly localRestarting?: boolean;
  readonly mode?: string;
}

export interface BgpConfObject extends KubeObject {
  readonly spec?: {
    readonly as?: number;
    readonly asPerRack?: Readonly<Record<string, number>>;
    readonly routerId?: string;
    readonly listenPort?: number;
    readonly listenAddresses?: readonly string[];
    readonly families?: readonly number[];
    readonly useMultiplePaths?: boolean;
    readonly gracefulRestart?: GracefulRestart;
    readonly policy?: string;
    /** Skycap's: the maintenance of a node with the annotation `skycap.io/maintenance`. */
    readonly maintenance?: {
      /** Default 10. */
      readonly drainSeconds?: number;
      /** Default 1. */
      readonly minimumNodes?: number;
      /** Default false. */
      readonly onCordon?: boolean;
    };
  };
  readonly status?: {
    readonly nodesConfStatus?: Readonly<Record<string, { readonly routerId?: string; readonly as?: number }>>;
    readonly conditions?: readonly Condition[];
  };
}

export interface BgpPeerObject extends KubeObject {
  readonly spec?: {
    readonly conf?: {
      readonly neighborAddress?: string;
      /** Skycap's: routers in this prefix may connect. */
      readonly neighborPrefix?: string;
      readonly peerAs?: number;
      /** Skycap's: `external` accepts any AS number but the nodes' own, `internal` only the nodes' own. */
      readonly dynamicPeerAs?: 'external' | 'internal';
      readonly localAs?: number;
      readonly authPassword?: string;
      /** Skycap's: the password is in a Secret of Skycap's namespace. */
      readonly authPasswordSecretRef?: { readonly name?: string; readonly key?: string };
      readonly adminDown?: boolean;
      readonly allowOwnAs?: number;
      readonly replacePeerAs?: boolean;
      readonly removePrivateAs?: string;
      readonly neighborInterface?: string;
      readonly vrf?: string;
      readonly peerGroup?: string;
      readonly description?: string;
      readonly peerType?: number;
      readonly routeFlapDamping?: boolean;
      readonly sendCommunity?: number;
    };
    readonly ebgpMultihop?: { readonly enabled?: boolean; readonly multihopTtl?: number };
    /** Skycap's, spelled as GoBGP spells it (RFC 5082). */
    readonly ttlSecurity?: { readonly enabled?: boolean; readonly ttlMin?: number };
    /** Skycap's (RFC 5880). */
    readonly bfd?: {
      readonly enabled?: boolean;
      readonly receiveIntervalMilliseconds?: number;
      readonly transmitIntervalMilliseconds?: number;
      readonly detectMultiplier?: number;
      readonly passiveMode?: boolean;
    };
    readonly timers?: {
      readonly config?: {
        /** In OpenELB's form: strings of digits, in seconds. */
        readonly connectRetry?: string;
        readonly holdTime?: string;
        readonly keepaliveInterval?: string;
        readonly minimumAdvertisementInterval?: string;
      };
    };
    readonly transport?: {
      readonly passiveMode?: boolean;
      readonly remotePort?: number;
      readonly mtuDiscovery?: boolean;
      readonly remoteAddress?: string;
      readonly tcpMss?: number;
      /** Skycap's, spelled as GoBGP spells them. */
      readonly localAddress?: string;
      readonly bindInterface?: string;
    };
    readonly gracefulRestart?: GracefulRestart;
    readonly afiSafis?: readonly {
      readonly config?: {
        readonly family?: { readonly afi?: string; readonly safi?: string };
        readonly enabled?: boolean;
      };
      readonly addPaths?: { readonly config?: { readonly receive?: boolean; readonly sendMax?: number } };
      readonly mpGracefulRestart?: { readonly config?: { readonly enabled?: boolean } };
    }[];
    readonly nodeSelector?: LabelSelector;
    /** Skycap's: `AllNodes` sends one path for each node that may announce an address. Default `Self`. */
    readonly nextHops?: 'Self' | 'AllNodes';
  };
  readonly status?: {
    /** Skycap's: the nodes with an established session and the nodes with a session, such as `2/3`. */
    readonly sessionsSummary?: string;
    readonly routesSent?: number;
    readonly nodesPeerStatus?: Readonly<Record<string, NodePeerStatus>>;
    readonly conditions?: readonly Condition[];
  };
}

/** Counts of messages, in OpenELB's form. */
export interface MessageCounts {
  readonly notification?: string;
  readonly update?: string;
  readonly open?: string;
  readonly keepalive?: string;
  readonly refresh?: string;
  readonly discarded?: string;
  readonly total?: string;
  readonly withdrawUpdate?: string;
  readonly withdrawPrefix?: string;
}

/** OpenELB's form: the counters are strings, and times RFC 3339. The type also has the fields that Skycap does not write, so that Skycap can read them. */
export interface NodePeerStatus {
  readonly peerState?: {
    readonly neighborAddress?: string;
    readonly peerAs?: number;
    readonly localAs?: number;
    readonly peerType?: number;
    readonly routerId?: string;
    readonly sessionState?: 'IDLE' | 'CONNECT' | 'ACTIVE' | 'OPENSENT' | 'OPENCONFIRM' | 'ESTABLISHED';
    readonly adminState?: 'UP' | 'DOWN' | 'PFX_CT';
    readonly messages?: { readonly received?: MessageCounts; readonly sent?: MessageCounts };
    readonly queues?: { readonly input?: number; readonly output?: number };
    readonly authPassword?: string;
    readonly description?: string;
    readonly peerGroup?: string;
    readonly removePrivateAs?: number;
    readonly routeFlapDamping?: boolean;
    readonly sendCommunity?: number;
    readonly outQ?: number;
    readonly flops?: number;
  };
  readonly timersState?: {
    readonly connectRetry?: string;
    readonly minimumAdvertisementInterval?: string;
    readonly holdTime?: string;
    readonly keepaliveInterval?: string;
    readonly negotiatedHoldTime?: string;
    readonly uptime?: string;
    readonly downtime?: string;
  };
}
