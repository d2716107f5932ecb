/** What is given up while nobody can be asked. */
import { PartitionConflicts } from '../../../../../speaker/l2/ownership/partition-conflicts.ts';
import { ADDRESS, byRank } from '../../../../support/layer2-builders.ts';

const [higher, lower] = byRank(['node-1', 'node-2']) as [string, string];

it.each<[string, string, string | undefined, readonly number[], boolean]>([
  ['to a machine that is not known: at once', higher, undefined, [0], true],
  ['to a node of a higher rank: at once', lower, higher, [0], true],
  ['to a node of a lower rank: not at once', higher, lower, [0, 900], false],
  ['to a node of a lower rank that goes on', higher, lower, [0, 900, 2_100], true],
  ['to a node of a lower rank, which was heard of long before: not at once', higher, lower, [0, 40_000], false],
])('%s', (_, self, node, times, expected) => {
  const conflicts = new PartitionConflicts(self);
  for (const ms of times) conflicts.heard(ADDRESS, node, ms);
  expect([...conflicts.addresses]).toEqual(expected ? [ADDRESS] : []);
  conflicts.clear();
  expect(conflicts.addresses.size).toBe(0);
});

it('of two that hear each other, and nobody else, one goes on', () => {
  const nodes = [new PartitionConflicts(higher), new PartitionConflicts(lower)] as const;
  nodes[0].heard(ADDRESS, lower, 0);
  nodes[1].heard(ADDRESS, higher, 1);
  // The lower rank answers no question any more.
  expect(nodes.map(({ addresses }) => addresses.has(ADDRESS))).toEqual([false, true]);
});
