/** The caches that the allocator reads. `main.ts` fills them with Reflectors. */
import type { BgpConfObject, BgpPeerObject } from '../../lib/api/bgp/bgp-types.ts';
import type { EipObject } from '../../lib/api/eip/eip-types.ts';
import type { ConfigMap } from '../../lib/api/policy/find-policy.ts';
import type { EndpointSlice, Namespace, Node, Service, ServiceCidr } from '../../lib/api/service/service.ts';
import type { EipClaim } from '../../lib/api/skycap/claim.ts';
import type { SpeakerObject } from '../../lib/api/skycap/speaker-types.ts';
import type { Store } from '../../lib/kube/cache/store.ts';

export interface Stores {
  /** Of type LoadBalancer only: one that is retyped disappears. */
  readonly services: Store<Service>;
  /** Those that Kubernetes made for Services of ours, and those of any other maker (`lib/announce/slices.ts`). */
  readonly labelledSlices: Store<EndpointSlice>;
  readonly foreignSlices: Store<EndpointSlice>;
  readonly namespaces: Store<Namespace>;
  readonly nodes: Store<Node>;
  readonly eips: Store<EipObject>;
  readonly claims: Store<EipClaim>;
  readonly bgpPeers: Store<BgpPeerObject>;
  readonly bgpConfs: Store<BgpConfObject>;
  /** Those of Skycap's namespace; of each the policy alone. */
  readonly configMaps: Store<ConfigMap>;
  /** None where the API server does not know the kind. */
  readonly serviceCidrs: Store<ServiceCidr>;
  /** Those of lost nodes, and of speakers that have ended, have nothing (`reachable-speakers.ts`). */
  readonly speakers: Store<SpeakerObject>;
}
