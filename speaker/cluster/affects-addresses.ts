/**
 * Which change of a Service can change what a node announces: one of a Service that publishes addresses, or did. A Service that was just created does not, and
 * twice the looks at everything, on every node, come at the very moment at which its address is to be published. PURE.
 */
import { publishedAddresses } from '../../lib/api/service/published-addresses.ts';
import type { Service } from '../../lib/api/service/service.ts';
import type { Change } from '../../lib/kube/cache/store.ts';

export function concernsAddresses(change: Change<Service>): boolean {
  return publishes(change.object) || (change.type === 'modified' && publishes(change.old));
}

function publishes(service: Service): boolean {
  return publishedAddresses(service).length > 0;
}
