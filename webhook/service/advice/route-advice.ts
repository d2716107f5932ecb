/** Warnings about a Service whose address is announced by BGP with attributes, or within an aggregate. PURE. */
import { overrideFindings } from '../../../lib/announce/override-findings.ts';
import { disallowedOverrides } from '../../../lib/announce/route-terms.ts';
import type { Eip } from '../../../lib/api/eip/eip.ts';
import { selectsPeer } from '../../../lib/api/eip/eip-bgp.ts';
import { SERVICE_ANNOTATIONS } from '../../../lib/api/keys.ts';
import type { KubeObject } from '../../../lib/api/meta/object.ts';
import { quote, shortened } from '../../../lib/api/problem.ts';
import { parseRouteOverrides } from '../../../lib/api/service/route-overrides.ts';
import type { Service } from '../../../lib/api/service/service.ts';

const MOST_NAMED = 3;

/** The webhook does not know the Services that share an address; the allocator's condition tells which of them decides. */
export function routeOverrideWarnings(
  service: Service,
  eips: readonly Eip[],
  peers: readonly Pick<KubeObject, 'metadata'>[],
): string[] {
  const findings = overrideFindings(
    service,
    eips.map((eip) => ({ eip, sharers: [] })),
  );
  return [
    ...findings.map(({ reason, message }) => `${message} (${reason})`),
    ...eips.flatMap((eip) => strangerWarnings(service, eip, peers)),
  ];
}

/** Names in `skycap.io/bgp-peers` that get nothing of the Eip. */
function strangerWarnings(service: Service, eip: Eip, peers: readonly Pick<KubeObject, 'metadata'>[]): string[] {
  const parsed = parseRouteOverrides(service);
  if (disallowedOverrides(eip.bgp, parsed).includes('peers')) return [];
  const receivers = peers
    .filter((peer) => selectsPeer(eip.bgp?.peers ?? [], peer.metadata))
    .map(({ metadata }) => metadata.name);
  const strangers = (parsed.overrides.peers ?? []).filter((name) => !receivers.includes(name));
  if (strangers.length === 0) return [];
  const named = shortened(strangers, MOST_NAMED, quote).join(', ');
  return [`${SERVICE_ANNOTATIONS.peers[0]}: no BgpPeer that gets routes of Eip ${eip.name} is named ${named}`];
}

/** Without a host route nothing keeps a router from a node that has no endpoint. */
export function aggregateWarnings({ spec }: Service, eips: readonly Eip[]): string[] {
  if (spec?.externalTrafficPolicy !== 'Local') return [];
  return eips.flatMap(({ name, bgp }) =>
    bgp?.aggregation?.hostRoutes === false
      ? [
          `spec.externalTrafficPolicy: Local does not go with Eip ${name}, which announces an aggregate alone (spec.bgp.aggregation.hostRoutes: false): routers also send packets to nodes without an endpoint, which drop them`,
        ]
      : [],
  );
}
