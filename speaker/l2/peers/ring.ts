/**
 * Who watches whom: the nodes on a ring, by a hash of their names, and every node is watched by the three behind it.
 *
 * A node has six sessions at most, however many nodes there are, and one that comes or goes changes only those of its neighbours on the ring. By the
 * hash, nodes that were named in a row (a rack, which may lose its power as one) do not watch each other alone.
 */
import { createHash } from 'node:crypto';

/** So many see that a node is gone: two of them have to say so, and one may go with it. */
export const WATCHERS = 3;

/** Whom a node watches, nearest first; nobody where it is no member. */
export function watches(node: string, members: readonly string[]): readonly string[] {
  return neighborsOf(node, members, -1);
}

/** By whom a node is watched, nearest first. */
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
