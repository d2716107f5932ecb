/** A line for each node: announces an address or those of an Eip, or the obstacle. PURE. Nodes with the same obstacle share a line where there are many. */
import { type Eip, isLayer2 } from '../api/eip/eip.ts';
import { shortened } from '../api/problem.ts';
import type { Reason } from '../api/reasons.ts';
import { type Address, formatAddress } from '../net/address.ts';
import type { Standing } from '../reach/eip-reach.ts';
import { chosenNodes, nodeReach, type SharingService } from '../reach/service-reach.ts';
import { remedyFor } from './remedies.ts';
import type { World } from './world.ts';

/** Up to this many nodes each have a line. */
const FEW_NODES = 6;
const MOST_NAMED = 5;
const OWNER = 'answers for it';

/** An address of a Service. */
export interface Whose {
  readonly address: Address;
  /** The Services that publish the address. */
  readonly sharers: readonly SharingService[];
}

export type NodeStanding = readonly [node: string, standing: Standing | 'NotChosen'];

/** Sorted by the name of the node. @param whose absent for the addresses of the Eip in general. */
export function nodeStandings(world: World, eip: Eip, whose?: Whose): NodeStanding[] {
  const reach = world.announcers.reachOf(eip);
  const most = eip.bgp?.announcers;
  const chosen =
    whose && most !== undefined && !isLayer2(eip)
      ? new Set(chosenNodes(reach, formatAddress(whose.address), most, whose.sharers))
      : undefined;
  const withSpeaker = [...reach.standings].map(([node, standing]): NodeStanding => {
    const here = whose ? nodeReach(node, standing, eip, whose.sharers) : standing;
    return [node, here === 'Announced' && chosen?.has(node) === false ? 'NotChosen' : here];
  });
  const withoutSpeaker = world.read.nodes.items
    .map(({ metadata: { name = '' } }) => name)
    .filter((name) => !reach.standings.has(name))
    .map((name): NodeStanding => [name, 'NoSpeaker']);
  return [...withSpeaker, ...withoutSpeaker].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** @param said the reason that the step has, so that a line of the same reason does without the remedy. */
export function nodeLines(world: World, eip: Eip, { said, whose }: { said?: Reason; whose?: Whose } = {}): string[] {
  const owner = whose && isLayer2(eip) ? world.announcers.ownerOf(whose.address)?.node : undefined;
  const lines = nodeStandings(world, eip, whose).map(([node, standing]) => {
    if (node === owner)
      return { node, text: standing === 'Announced' ? OWNER : `${OWNER}, until a node with an endpoint takes it over` };
    const isSaid = standing === said || (standing === 'NodeExcluded' && said === 'AllNodesExcluded');
    if (standing !== 'Announced') return { node, text: isSaid ? standing : obstacleText(standing) };
    if (!whose) return { node, text: 'may announce its addresses' };
    if (!isLayer2(eip)) return { node, text: 'announces it' };
    return { node, text: 'can have it' };
  });
  if (lines.length <= FEW_NODES) return lines.map(({ node, text }) => `${node}: ${text}`);
  return [...Map.groupBy(lines, ({ text }) => text)].map(
    ([text, nodes]) => `${shortened(nodes, MOST_NAMED, ({ node }) => node).join(', ')}: ${text}`,
  );
}

function obstacleText(standing: Reason): string {
  const remedy = remedyFor(standing);
  return remedy === undefined ? standing : `${standing}. ${remedy}`;
}
