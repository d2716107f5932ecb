/** Speaker (`skycap.io/v1alpha1`, cluster-scoped): one object a node, named by it and written by that node's speaker only. */
import type { Condition, KubeObject } from '../meta/object.ts';

export type SessionState = 'Idle' | 'Connect' | 'Active' | 'OpenSent' | 'OpenConfirm' | 'Established';

export interface SpeakerSession {
  /** Name of the BgpPeer. */
  readonly peer: string;
  readonly neighborAddress: string;
  readonly neighborAs: number;
  readonly localAs: number;
  readonly state: SessionState;
  /** RFC 3339; when the session entered this state, as BIRD has it. */
  readonly since?: string;
  /** BIRD's last error for the session, e.g. `Socket: Connection refused`. */
  readonly lastError?: string;
  readonly neighborRouterId?: string;
  readonly holdTimeSeconds?: number;
  readonly keepaliveSeconds?: number;
  /** Routes exported to this neighbour, both families. */
  readonly routesSent: number;
  /** The BgpPeer has `nextHops: AllNodes`, and the router has not offered ADD-PATH. */
  readonly sendsOnePath?: boolean;
  /** `spec.conf.adminDown`. */
  readonly disabled: boolean;
}

/** A BgpPeer that selects the node and has no session on it; with `PasswordNotFound` it may have one, with the password of before. */
export interface RefusedPeer {
  /** Name of the BgpPeer. */
  readonly peer: string;
  readonly reason: 'Invalid' | 'Overlaps' | 'OwnAddress' | 'NodeHasNoAddressOfFamily' | 'PasswordNotFound';
  readonly message: string;
}

/** More conflicts than these are not named in a Speaker. */
export const MOST_CONFLICTS = 20;

/** More networks or gateways than these are not named in a Speaker. */
export const MOST_NETWORKS = 16;

/** A machine that says that it has an address which Skycap answers for, or is to answer for. */
export interface Layer2Conflict {
  readonly address: string;
  /** Such as `02:42:ac:11:00:02`. */
  readonly mac: string;
  /** Where this node sees the machine; with `node`, the interface that the address is on there. */
  readonly interface: string;
  /** The machine is this node of the cluster. */
  readonly node?: string;
}

/** Type of the condition on a Speaker that says whether its node, which is in maintenance, announces nothing any more. */
export const SAFE_TO_REBOOT = 'SafeToReboot';

export interface SpeakerObject extends KubeObject {
  readonly apiVersion: 'skycap.io/v1alpha1';
  readonly kind: 'Speaker';
  readonly status?: {
    readonly sessions?: readonly SpeakerSession[];
    /** Sorted by peer. */
    readonly refusedPeers?: readonly RefusedPeer[];
    readonly establishedSessions?: number;
    readonly totalSessions?: number;
    /** `2/2`: what the printer column shows. */
    readonly sessionsSummary?: string;
    /** Addresses this node announces by BGP. */
    readonly announcedAddresses?: number;
    /** Addresses this node answers ARP or NDP for. Others decide by it who has an address. */
    readonly layer2Addresses?: readonly {
      readonly address: string;
      readonly interface: string;
      /** It is about to be given up: nobody lets go of it for the sake of this node. */
      readonly yielding?: boolean;
    }[];
    /** How many different ones: what the printer column shows. */
    readonly layer2AddressCount?: number;
    /**
     * Eips of layer 2, sorted, for which this node has no interface: none that matches is up. Other nodes leave this node out for their addresses. An Eip that is not in it
     * the node can do, so that a new Eip makes nobody write or wait.
     */
    readonly layer2Unable?: readonly string[];
    /** The interfaces that layer 2 uses on this node, sorted by name, so that others can tell a node of the cluster from a strange machine. */
    readonly layer2Interfaces?: readonly { readonly name: string; readonly mac: string }[];
    /** The first {@link MOST_CONFLICTS} in the order of addresses, for as long as each lasts. */
    readonly layer2Conflicts?: readonly Layer2Conflict[];
    /** Subnets of the interfaces that have the node's addresses, or that layer 2 uses, sorted: on each, some addresses are no host's. The first {@link MOST_NETWORKS}. */
    readonly networks?: readonly string[];
    /** Next hops of its default routes, sorted: machines of others. The first {@link MOST_NETWORKS}. */
    readonly gateways?: readonly string[];
    /** Eips that are gone, or lost addresses, by which the node goes on announcing what is published: as JSON, for when its speaker is started again. */
    readonly formerEips?: readonly string[];
    /** Nodes that this one watches and has lost (BFD), sorted. */
    readonly suspects?: readonly string[];
    /** It is about to end in order, or has: others take over what it has before it falls silent, and nothing else it says counts until it is started again. */
    readonly stopping?: boolean;
    readonly routerId?: string;
    readonly localAs?: number;
    readonly versions?: { readonly skycap?: string; readonly bird?: string };
    readonly conditions?: readonly Condition[];
  };
}
