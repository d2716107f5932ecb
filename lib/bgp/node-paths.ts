/** The routes of BgpPeers with `nextHops: AllNodes`: a path for each node that is a next hop of the address, in blocks as in `routes.ts`. */

import type { NodeState } from '../announce/node-state.ts';
import type { KubeObject } from '../api/meta/object.ts';
import type { NextHops } from './next-hops.ts';
import { type AggregateBlock, type AnnouncementBlock, type GroupBlock, groupsFrom, type RouteGroup } from './routes.ts';

/** The paths by one node. */
export interface NodePaths {
  readonly node: Pick<NodeState, 'name' | 'addresses'>;
  readonly groups: readonly RouteGroup[];
}

/** In the order of the names of the nodes. @param peers every BgpPeer that may have a session. */
export function nodePaths(
  blocks: readonly AnnouncementBlock[],
  { nodes }: Pick<NextHops, 'nodes'>,
  peers: readonly KubeObject[],
): readonly NodePaths[] {
  const byNode = new Map(
    nodes.map(({ node }) => [node.name, { node, hosts: [] as GroupBlock[], aggregates: [] as AggregateBlock[] }]),
  );
  for (const { family, paths, pathAggregates: aggregates } of blocks) {
    for (const path of paths) for (const name of path.nextHops) byNode.get(name)?.hosts.push(path);
    for (const { aggregate: route, nextHops } of aggregates) {
      for (const name of nextHops) byNode.get(name)?.aggregates.push({ family, route });
    }
  }
  return [...byNode.values()].flatMap(({ node, hosts, aggregates }) => {
    const groups = groupsFrom(hosts, aggregates, peers);
    return groups.length > 0 ? [{ node, groups }] : [];
  });
}
