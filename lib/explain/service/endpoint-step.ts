/** The step behind the node: the ready endpoints that traffic from an announcing node reaches. PURE. */
import { localNodes } from '../../announce/endpoints.ts';
import { keyOf } from '../../api/meta/object.ts';
import { shortened } from '../../api/problem.ts';
import type { Service } from '../../api/service/service.ts';
import type { Address, Family } from '../../net/address.ts';
import { failed, ok, type Step, unknown } from '../explanation.ts';
import type { World } from '../world.ts';
import { endpointsRemedy } from './announced/endpoint-remedies.ts';

const MOST_NAMED = 6;

export function endpointSteps(world: World, service: Service, addresses: readonly Address[]): Step[] {
  const families = [...new Set(addresses.map(({ family }) => family))];
  return families.map((family) => endpointStep(world, service, family));
}

function endpointStep(world: World, service: Service, family: Family): Step {
  const from = `EndpointSlices of Service ${keyOf(service)}`;
  if (world.read.endpointSlices.unread) return unknown('can not be read', from);
  const places = world.placesOf(service, family);
  const isLocal = service.spec?.externalTrafficPolicy === 'Local';
  const name = `IPv${family}`;
  if (!places.usable) {
    return failed(
      'NoEndpoints',
      `no ${name} endpoint is ready: connections are refused`,
      from,
      endpointsRemedy(service),
    );
  }
  const nodes = [...localNodes(places)].sort();
  const where = nodes.length > 0 ? ` on ${shortened(nodes, MOST_NAMED, String).join(', ')}` : '';
  const draining = places.ready.size === 0 ? ' (terminating; none is ready)' : '';
  return isLocal
    ? ok(
        `${name} endpoints are ready${where}${draining}; with externalTrafficPolicy: Local only these nodes take traffic`,
        from,
      )
    : ok(`${name} endpoints are ready${where}${draining}; any node forwards to them`, from);
}
