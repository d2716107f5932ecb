/** Which BFD sessions a node has: those of the ring, and for how long those that were. */
import { parseAddress } from '../../../../../lib/net/address.ts';
import { rangeContains } from '../../../../../lib/net/range.ts';
import {
  type KeptNeighbor,
  type NeighborInput,
  nextNeighbors,
  sameNeighbors,
} from '../../../../../speaker/l2/peers/bfd-neighbors.ts';
import { nodeNetworks } from '../../../../../speaker/l2/peers/node-networks.ts';
import type { Member } from '../../../../../speaker/l2/peers/peer-watch-port.ts';

const member = (name: string, address: string): Member => ({ name, address: parseAddress(address)! });
const [a, b, c, six] = [
  member('a', '192.0.2.1'),
  member('b', '192.0.2.2'),
  member('c', '203.0.113.3'),
  member('six', 'fd00::6'),
];

function next(former: readonly KeptNeighbor[], over: Partial<NeighborInput>): readonly KeptNeighbor[] {
  return nextNeighbors(former, {
    nodeName: 'a',
    members: [a, b, c],
    isOnLink: ({ value }) => value >> 8n === a.address.value >> 8n,
    isUp: () => false,
    nowMs: 0,
    ...over,
  });
}

const names = (neighbors: readonly KeptNeighbor[]) => neighbors.map(({ name }) => name);

it('has a session with every node of the ring, of which one is some hops away', () => {
  expect(next([], {})).toEqual([
    { name: 'b', address: b.address, local: a.address, isDirect: true },
    { name: 'c', address: c.address, local: a.address, isDirect: false },
  ]);
});

it.each<[string, Partial<NeighborInput>, readonly string[]]>([
  ['no members', { members: [] }, []],
  ['this node alone', { members: [a] }, []],
  ['this node is no member', { members: [b, c] }, []],
  ['a member of the other family', { members: [a, six] }, []],
  ['a member that gives the address of this node', { members: [a, member('liar', '192.0.2.1')] }, []],
])('%s: nobody', (_, over, expected) => {
  expect(names(next([], over))).toEqual(expected);
});

describe('a session that the ring has no place for any more', () => {
  const crowd = Array.from({ length: 60 }, (_, i) => member(`n${i}`, `192.0.2.${i + 100}`));
  const before = next([], { members: [a, b] });
  const displaced = (former: readonly KeptNeighbor[], nowMs: number, isUp = () => true) =>
    names(next(former, { members: [a, b, ...crowd], nowMs, isUp })).includes('b');

  it('stays until everyone has heard of it, though it is Up', () => {
    const soon = next(before, { members: [a, b, ...crowd], nowMs: 1_000 });
    expect(soon).toHaveLength(7);
    expect([displaced(soon, 10_900), displaced(soon, 11_100)]).toEqual([true, false]);
  });

  it('with a node that is no member any more stays as long as it is Up', () => {
    const alone = next(before, { members: [a], nowMs: 1_000 });
    const at = (nowMs: number, isUp: boolean) => names(next(alone, { members: [a], nowMs, isUp: () => isUp }));
    expect([at(600_000, true), at(600_000, false), at(5_000, false)]).toEqual([['b'], [], ['b']]);
  });

  it('goes at once when nobody is to be watched at all', () => {
    expect(next(before, { members: [], isUp: () => true })).toEqual([]);
  });

  it('is wanted again where the node comes back', () => {
    const back = next(next(before, { members: [a], nowMs: 1_000 }), { members: [a, b], nowMs: 2_000 });
    expect(back).toEqual(before);
  });
});

it('what was on a network of this node stays so while its link is down; what was not is looked at again', () => {
  const none = { isOnLink: () => false };
  expect(next(next([], {}), none)[0]).toMatchObject({ name: 'b', isDirect: true });
  expect(next(next([], none), {})[0]).toMatchObject({ name: 'b', isDirect: true });
});

it('a node with another address has another session, and the former one for a while', () => {
  const moved = next(next([], {}), { members: [a, member('b', '192.0.2.77'), c] });
  expect(names(moved)).toEqual(['b', 'b', 'c']);
  expect(sameNeighbors(moved, next(moved, { members: [a, member('b', '192.0.2.77'), c] }))).toBe(true);
});

it.each<[string, string, boolean]>([
  ['its own subnet', '192.0.2.200', true],
  ['another', '203.0.113.1', false],
  ['loopback', '127.0.0.9', false],
  ['IPv6', 'fd00::77', true],
])('the networks of a node: %s', (_, text, expected) => {
  const entry = { netmask: '', mac: '', internal: false };
  const ranges = nodeNetworks({
    lo: [{ ...entry, internal: true, address: '127.0.0.1', family: 'IPv4', cidr: '127.0.0.1/8' }],
    eth0: [
      { ...entry, address: '192.0.2.1', family: 'IPv4', cidr: '192.0.2.1/24' },
      { ...entry, address: 'fd00::1', family: 'IPv6', cidr: 'fd00::1/64', scopeid: 0 },
      { ...entry, address: '198.51.100.1', family: 'IPv4', cidr: null },
    ],
  });
  expect(ranges.some((range) => rangeContains(range, parseAddress(text)!))).toBe(expected);
});
