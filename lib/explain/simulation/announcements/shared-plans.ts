/**
 * The plans of many nodes, without making the same routes for each: nodes that no Eip and no family tells apart have the same routes for Services whose endpoints do not matter. PURE. With 300
 * nodes and 10,000 Services, this takes seconds in place of minutes.
 */
import { eipFinder } from '../../../announce/eip-of-address.ts';
import { nodeState } from '../../../announce/node-state.ts';
import type { Protocols } from '../../../api/eip/protocols.ts';
import { matchesLabels } from '../../../api/meta/label-selector.ts';
import { keyOf } from '../../../api/meta/object.ts';
import { publishedAddresses } from '../../../api/service/published-addresses.ts';
import type { Service } from '../../../api/service/service.ts';
import { AnnouncementIndex } from '../../../bgp/announcement-index.ts';
import { asksForAllNodes } from '../../../bgp/next-hops.ts';
import { makePlan, type Planned } from '../../../bgp/plan.ts';
import { formatAddress } from '../../../net/address.ts';
import type { Services } from '../../../snapshot/services.ts';
import type { Snapshot } from '../../../snapshot/snapshot.ts';

export interface SharedPlans {
  /** Plans whose routes together are those of the node. */
  plansFor(snapshot: Snapshot): readonly Planned[];
}

/** @param any the snapshot of some node: all nodes have the same Services and Eips. */
export function sharedPlans(any: Snapshot, protocols: Protocols): SharedPlans {
  const plan = (snapshot: Snapshot): Planned => makePlan(snapshot, new AnnouncementIndex(), protocols);
  const { same, own } = splitServices(any);
  const known = new Map<string, Planned>();
  return {
    plansFor: (snapshot) => {
      if (snapshot.maintenance || asksForAllNodes(snapshot.bgpPeers)) return [plan(snapshot)];
      const key = likenessOf(snapshot);
      const planned = known.get(key) ?? plan({ ...snapshot, services: same });
      known.set(key, planned);
      return [planned, plan({ ...snapshot, services: own })];
    },
  };
}

/** Equal for nodes that have the same routes for the same Services. */
function likenessOf({ nodeName, node, eips }: Snapshot): string {
  const { labels, addresses, excluded, leaving } = nodeState(nodeName, node);
  const selected = [...eips.values()].map((eip) => eip.ok && matchesLabels(eip.value.nodeSelector, labels));
  return JSON.stringify([node !== undefined, !!addresses[4], !!addresses[6], excluded, leaving, selected]);
}

/** `own`: Services with an address that depends on the name of the node, by endpoints or by `spec.bgp.announcers`. */
function splitServices({ services, eips }: Snapshot): { readonly same: Services; readonly own: Services } {
  const all = [...services.values()];
  const eipOf = eipFinder(eips);
  const dependent = new Set<string>();
  for (const service of all) {
    for (const address of publishedAddresses(service)) {
      const eip = eipOf(service, address);
      const isLimited = eip?.ok === true && eip.value.bgp?.announcers !== undefined;
      if (isLimited || service.spec?.externalTrafficPolicy === 'Local') dependent.add(formatAddress(address));
    }
  }
  const isOwn = (service: Service): boolean =>
    publishedAddresses(service).some((address) => dependent.has(formatAddress(address)));
  // The Services at one address are decided together, and so are those at the other addresses of one of them.
  for (let size = -1; size !== dependent.size; ) {
    size = dependent.size;
    for (const address of all.filter(isOwn).flatMap(publishedAddresses)) dependent.add(formatAddress(address));
  }
  return { same: servicesOf(all.filter((one) => !isOwn(one))), own: servicesOf(all.filter(isOwn)) };
}

function servicesOf(items: readonly Service[]): Services {
  const byKey = new Map(items.map((one) => [keyOf(one), one]));
  return { get: (key) => byKey.get(key), values: () => items };
}
