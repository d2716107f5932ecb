/**
 * Which addresses a node in maintenance may withdraw: those that at least `minimumNodes` other nodes announce. PURE.
 *
 * The nodes do not talk about it. Of several nodes in maintenance, the first by name withdraw, as many as the minimum allows: every node comes to the
 * same result from the same objects.
 */
import { type EipsByName, eipFinder } from '../../announce/eip-of-address.ts';
import { announceReason, nodeRefusal } from '../../announce/eligible.ts';
import { localNodes, placesOf, viewFrom } from '../../announce/endpoints.ts';
import type { NodeState } from '../../announce/node-state.ts';
import type { Eip } from '../../api/eip/eip.ts';
import { keyOf } from '../../api/meta/object.ts';
import type { Parsed } from '../../api/problem.ts';
import { publishedAddresses } from '../../api/service/published-addresses.ts';
import { type Address, formatAddress } from '../../net/address.ts';
import type { KeptAddress, Maintenance } from '../../snapshot/maintenance.ts';
import type { Services, SlicesByService } from '../../snapshot/services.ts';

export interface ClusterNode {
  readonly node: NodeState;
  /** The node is Ready and has an established BGP session. */
  readonly canAnnounce: boolean;
  readonly inMaintenance: boolean;
}

export interface WithdrawalInput {
  readonly snapshot: { readonly services: Services; readonly slices: SlicesByService; readonly eips: EipsByName };
  readonly self: NodeState;
  /** By name; an entry of this node counts as it stands in `self`. */
  readonly nodes: ReadonlyMap<string, ClusterNode>;
  /** How many nodes must go on announcing an address. */
  readonly minimumNodes: number;
}

export function decideWithdrawal({
  snapshot,
  self,
  nodes,
  minimumNodes,
}: WithdrawalInput): Pick<Maintenance, 'withdrawn' | 'kept'> {
  const eipOf = eipFinder(snapshot.eips);
  const eligible = eligibleNodes(
    new Map([...nodes, [self.name, { node: self, canAnnounce: true, inMaintenance: true }]]),
  );
  const withdrawn = new Set<string>();
  const kept = new Map<string, readonly string[]>();
  for (const service of snapshot.services.values()) {
    const key = keyOf(service);
    for (const address of publishedAddresses(service)) {
      const eip = eipOf(service, address);
      const places = placesOf(snapshot.slices.get(key), address.family);
      const endpoints = viewFrom(places, self.name);
      if (announceReason({ by: 'bgp', service, address, eip, node: self, endpoints }) !== 'Announced') continue;
      const local = service.spec?.externalTrafficPolicy === 'Local' ? localNodes(places) : undefined;
      const announcing = eligible(eip, address).filter(({ node }) => local?.has(node.name) ?? true);
      const text = formatAddress(address);
      if (mayWithdraw(self.name, announcing, minimumNodes)) withdrawn.add(text);
      else kept.set(text, [...(kept.get(text) ?? []), key]);
    }
  }
  // Services may share an address: it stays while one of them needs it here.
  for (const text of kept.keys()) withdrawn.delete(text);
  return { withdrawn, kept: [...kept].map(([text, services]): KeptAddress => ({ text, services })) };
}

/** @param announcing the nodes that can announce the address, this one included. */
function mayWithdraw(self: string, announcing: readonly ClusterNode[], minimumNodes: number): boolean {
  const before = announcing.filter(({ node, inMaintenance }) => inMaintenance && node.name < self).length;
  return before < announcing.length - minimumNodes;
}

/** The nodes that may announce addresses of an Eip, found once for each Eip and family. */
function eligibleNodes(nodes: ReadonlyMap<string, ClusterNode>) {
  const found = new Map<Parsed<Eip> | undefined, Map<number, readonly ClusterNode[]>>();
  return (eip: Parsed<Eip> | undefined, address: Address): readonly ClusterNode[] => {
    const byFamily = found.get(eip) ?? new Map<number, readonly ClusterNode[]>();
    found.set(eip, byFamily);
    const before = byFamily.get(address.family);
    if (before) return before;
    const may = [...nodes.values()].filter(
      ({ node, canAnnounce }) => canAnnounce && !nodeRefusal({ node, eip, address }),
    );
    byFamily.set(address.family, may);
    return may;
  };
}
