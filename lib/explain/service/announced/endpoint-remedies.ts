/** Remedies for an address without an endpoint. PURE. */
import type { Service } from '../../../api/service/service.ts';
import { patchServiceCommand } from '../../kubectl-commands.ts';
import { nodesAt } from './node-remedies.ts';
import type { Remedy, Trouble } from './trouble.ts';

/** More nodes than these are not named. */
const MOST_NAMED = 3;

/** The command shows the pods that the Service selects. */
export function endpointsRemedy({ metadata: { namespace = '', name = '' }, spec }: Service): Remedy {
  const remedy = "Look at the Service's pods.";
  const labels = Object.entries(spec?.selector ?? {}).map(([key, value]) => `${key}=${value}`);
  const what = labels.length > 0 ? 'pods' : 'endpointslices';
  const selector = labels.length > 0 ? labels.join(',') : `kubernetes.io/service-name=${name}`;
  return { remedy, command: `kubectl get ${what} -n ${namespace} -l ${selector} -o wide` };
}

/** With ready endpoints, none of them is on a node that may announce the address. */
export function localEndpointsRemedy({ world, service, eip, nodes }: Trouble): Remedy {
  if (!world.placesOf(service, eip.range.family).usable) return endpointsRemedy(service);
  const able = nodesAt('NoLocalEndpoints', nodes).slice(0, MOST_NAMED);
  const where = able.length > 0 ? able.join(' or ') : 'a node that may announce the address';
  return {
    remedy: `Run a ready pod on ${where}, or set externalTrafficPolicy: Cluster, with which pods may see a node's address as that of the client.`,
    command: patchServiceCommand(service, { spec: { externalTrafficPolicy: 'Cluster' } }),
  };
}
