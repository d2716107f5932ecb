/** Objects for the archive: Skycap's kinds, Services, Nodes, counts of endpoints, Events, and the workloads of Skycap. */
import { serviceKeyOf } from '../../../lib/announce/slices.ts';
import { type KubeObject, keyOf } from '../../../lib/api/meta/object.ts';
import type { EndpointSlice } from '../../../lib/api/service/service.ts';
import { decodeEntries } from '../../../lib/ipam/history/entry-lines.ts';
import { LEASES } from '../../../lib/kube/election/lease.ts';
import { EVENTS, type EventObject } from '../../../lib/kube/events/event.ts';
import { MUTATING, VALIDATING } from '../../../lib/kube/http/admission-refusal.ts';
import {
  ADDRESS_HISTORIES,
  BGP_CONFS,
  BGP_PEERS,
  EIP_CLAIMS,
  EIPS,
  ENDPOINT_SLICES,
  NODES,
  type Resource,
  SERVICE_CIDRS,
  SERVICES,
  SPEAKERS,
} from '../../../lib/kube/resource.ts';
import { DAEMON_SETS, DEPLOYMENTS } from '../../../lib/preflight/install/workload-findings.ts';
import { type Gathering, listed } from './gather.ts';

const CLUSTER_KINDS: readonly Resource<KubeObject>[] = [
  EIPS,
  EIP_CLAIMS,
  BGP_CONFS,
  BGP_PEERS,
  SPEAKERS,
  NODES,
  SERVICE_CIDRS,
  MUTATING,
  VALIDATING,
];

const WORKLOADS: readonly Resource<KubeObject>[] = [DEPLOYMENTS, DAEMON_SETS, LEASES];

const SKYCAP_GROUPS = /^(network\.kubesphere\.io|skycap\.io)\//;

export async function gatherObjects(gathering: Gathering): Promise<void> {
  const { archive, session, skycapNamespace: namespace } = gathering;
  for (const resource of CLUSTER_KINDS) {
    await archive.addObject(`objects/${resource.plural}.json`, await listed(gathering, resource));
  }
  const inNamespace = session.onlyNamespace === undefined ? {} : { namespace: session.onlyNamespace };
  const services = await listed(gathering, SERVICES, { ...inNamespace, fieldSelector: 'spec.type=LoadBalancer' });
  await archive.addObject('objects/services.json', services);
  const keys = new Set(services.map(keyOf));
  await archive.addObject(
    'objects/endpoints.json',
    endpointCounts(await listed(gathering, ENDPOINT_SLICES, inNamespace), keys),
  );
  const events = await listed(gathering, EVENTS, inNamespace);
  await archive.addObject(
    'objects/events.json',
    events.filter((event) => isOfSkycap(event, namespace)),
  );
  for (const resource of WORKLOADS) {
    await archive.addObject(`objects/${resource.plural}.json`, await listed(gathering, resource, { namespace }));
  }
  const histories = await listed(gathering, ADDRESS_HISTORIES);
  const entries = await Promise.all(histories.map(({ spec }) => decodeEntries(spec.entries)));
  await archive.addObject('objects/history.json', entries.flat());
}

function isOfSkycap({ regarding, reportingController, metadata }: EventObject, namespace: string): boolean {
  return (
    metadata.namespace === namespace ||
    (reportingController ?? '').startsWith('skycap') ||
    SKYCAP_GROUPS.test(regarding?.apiVersion ?? '')
  );
}

/** By Service: how many endpoints are ready on each node. */
export function endpointCounts(
  slices: readonly EndpointSlice[],
  services: ReadonlySet<string>,
): Readonly<Record<string, Readonly<Record<string, number>>>> {
  const counts: Record<string, Record<string, number>> = {};
  for (const slice of slices) {
    const service = serviceKeyOf(slice);
    if (service === undefined || !services.has(service)) continue;
    counts[service] ??= {};
    for (const { nodeName = 'no node', conditions } of slice.endpoints ?? []) {
      const key = conditions?.ready === false ? `${nodeName}, not ready` : nodeName;
      counts[service][key] = (counts[service][key] ?? 0) + 1;
    }
  }
  return counts;
}
