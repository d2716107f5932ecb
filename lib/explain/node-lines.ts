/** A line for each node: announces the addresses of an Eip, or the obstacle. PURE. Nodes with the same obstacle share a line where there are many. */
import type { Eip } from '../api/eip/eip.ts';
import { shortened } from '../api/problem.ts';
import { remedyFor } from './remedies.ts';
import type { World } from './world.ts';

/** Up to this many nodes each have a line. */
const FEW_NODES = 6;
const MOST_NAMED = 5;

export function nodeLines(world: World, eip: Eip): string[] {
  const { standings } = world.announcers.reachOf(eip);
  const withoutSpeaker = world.read.nodes.items
    .map(({ metadata: { name = '' } }) => name)
    .filter((name) => !standings.has(name))
    .map((name) => [name, 'NoSpeaker'] as const);
  const all = [...standings, ...withoutSpeaker].sort(([a], [b]) => (a < b ? -1 : 1));
  if (all.length <= FEW_NODES) return all.map(([node, standing]) => `${node}: ${textOf(standing)}`);
  return [...Map.groupBy(all, ([, standing]) => standing)].map(
    ([standing, nodes]) => `${shortened(nodes, MOST_NAMED, ([node]) => node).join(', ')}: ${textOf(standing)}`,
  );
}

function textOf(standing: Parameters<typeof remedyFor>[0]): string {
  if (standing === 'Announced') return 'may announce it';
  const remedy = remedyFor(standing);
  return remedy === undefined ? standing : `${standing}. ${remedy}`;
}
