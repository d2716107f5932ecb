/**
 * The ring that decides which nodes watch each other: the nodes in the order of a hash of their names. The three nodes behind a node watch it.
 *
 * A node has six sessions at most, whatever the number of nodes, and a node that comes or goes changes only the sessions of its neighbours on the ring. By the
 * hash, nodes with consecutive names (a rack, which may lose its power as one) do not watch only each other.
 */
import { createHash } from 'node:crypto';

/** The number of watchers of a node: two of them have to suspect it, and one may fail with it. */
export const WATCHERS = 3;

/** The nodes that a node watches, nearest first; none if it is no member. */
export function watches(node: string, members: readonly string[]): readonly string[] {
  return neighborsOf(node, members, -1);
}

/** The nodes that watch a node, nearest first. */
export function watchedBy(node: string, members: readonly string[]): readonly string[] {
  return neighborsOf(node, members, 1);
}

function neighborsOf(node: string, members: readonly string[], step: 1 | -1): readonly string[] {
  const ring = ringOf(members);
  const at = ring.indexOf(node);
  if (at < 0) return [];
  const count = Math.min(WATCHERS, ring.length - 1);
  return Array.from({ length: count }, (_, i) => ring.at((at + step * (i + 1)) % ring.length)!);
}

function ringOf(members: readonly string[]): readonly string[] {
  const placed = [...new Set(members)].map((name) => ({ name, at: createHash('sha256').update(name).digest('hex') }));
  return placed.sort((a, b) => (a.at < b.at ? -1 : 1)).map(({ name }) => name);
}
