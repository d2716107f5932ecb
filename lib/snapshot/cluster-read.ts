/**
 * The cluster as a command has read it once: the objects of each kind, and the kinds that could not be read. The snapshot of `kubectl skycap`, as the components have
 * their caches.
 */
import type { BgpConfObject, BgpPeerObject } from '../api/bgp/bgp-types.ts';
import type { EipObject } from '../api/eip/eip-types.ts';
import type { KubeObject } from '../api/meta/object.ts';
import type { ConfigMap } from '../api/policy/find-policy.ts';
import type { EndpointSlice, Namespace, Node, Pod, Service, ServiceCidr } from '../api/service/service.ts';
import type { AddressHistory } from '../api/skycap/address-history.ts';
import type { EipClaim } from '../api/skycap/claim.ts';
import type { SpeakerObject } from '../api/skycap/speaker-types.ts';

export interface Kinds {
  readonly services: Service;
  readonly endpointSlices: EndpointSlice;
  readonly namespaces: Namespace;
  readonly nodes: Node;
  readonly eips: EipObject;
  readonly eipClaims: EipClaim;
  readonly addressHistories: AddressHistory;
  readonly bgpConfs: BgpConfObject;
  readonly bgpPeers: BgpPeerObject;
  readonly speakers: SpeakerObject;
  readonly serviceCidrs: ServiceCidr;
  readonly configMaps: ConfigMap;
  readonly pods: Pod;
}

export type KindName = keyof Kinds;

/** Why not all objects of a kind are known. */
export interface Unread {
  /** The plural name of the kind, such as `eips`. */
  readonly resource: string;
  /** `Forbidden`: the user may not list them. `NotInstalled`: the API server does not know the kind. */
  readonly reason: 'Forbidden' | 'NotInstalled';
  /** Only the objects of this namespace are known. */
  readonly namespace?: string;
  /** One sentence for the user. */
  readonly message: string;
}

export interface Listed<T extends KubeObject> {
  /** The objects that the user may see; with `unread`, not all of them. */
  readonly items: readonly T[];
  readonly unread?: Unread;
}

export type ClusterRead<K extends KindName = KindName> = { readonly [Kind in K]: Listed<Kinds[Kind]> };

/** The notes for the user on the kinds that could not be read. */
export function unreadIn(cluster: Partial<ClusterRead>): Unread[] {
  return Object.values(cluster).flatMap(({ unread }) => (unread ? [unread] : []));
}

/**
 * The pods of the speakers, if all are known.
 *
 * @param isNamespaceKnown whether Skycap's namespace is known; otherwise the pods of the usual one were read, and their absence says nothing.
 */
export function knownPods({ items, unread }: Listed<Pod>, isNamespaceKnown: boolean): readonly Pod[] | undefined {
  return items.length > 0 || (!unread && isNamespaceKnown) ? items : undefined;
}
