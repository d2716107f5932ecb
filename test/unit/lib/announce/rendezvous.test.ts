/** The hash that all speakers agree by. */
import { hashOf, rankOf } from '../../../../lib/announce/rendezvous.ts';

/** Name of the owner of each address. */
function ownersOf(nodes: readonly string[], addresses: readonly string[]): string[] {
  const hashes = nodes.map(hashOf);
  return addresses.map((address) => {
    const hash = hashOf(address);
    const ranks = hashes.map((node) => rankOf(node, hash));
    return nodes[ranks.indexOf(Math.max(...ranks))]!;
  });
}

const names = (count: number, prefix = 'node-'): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`);
const ipv4 = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `198.51.${100 + (i >> 8)}.${i & 255}`);
const ipv6 = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `2001:db8:100::${(i + 1).toString(16)}`);

it('is the same in every version: speakers of two versions must agree', () => {
  expect(hashOf('')).toBe(0x811c9dc5);
  expect(hashOf('a')).toBe(0xe40c292c);
  expect(rankOf(hashOf('node-1'), hashOf('198.51.100.7'))).toBe(1531720075);
  expect(rankOf(hashOf('node-2'), hashOf('2001:db8:100::7'))).toBe(2029537922);
});

/** Percentiles of chi-square at 0.999, by degrees of freedom. */
const CHI_SQUARE: Readonly<Record<number, number>> = { 2: 13.8, 4: 18.5, 49: 85.4 };

it.each([
  [3, ipv4(3_000), undefined],
  [3, ipv6(3_000), undefined],
  [5, ipv4(256), undefined],
  [50, ipv4(10_000), undefined],
  [50, ipv6(10_000), 'ip-10-0-0-%.eu-central-1.compute.internal'],
] as const)('over %i nodes %# addresses spread evenly', (count, addresses, pattern) => {
  const nodes = names(count).map((name, i) => pattern?.replace('%', String(i)) ?? name);
  const has = new Map(nodes.map((name) => [name, 0]));
  for (const owner of ownersOf(nodes, addresses)) has.set(owner, (has.get(owner) ?? 0) + 1);
  const expected = addresses.length / count;
  const chiSquare = [...has.values()].reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
  expect(chiSquare).toBeLessThan(CHI_SQUARE[count - 1]!);
});

it("a node's loss moves what it had, to the others evenly, and nothing else", () => {
  const nodes = names(10);
  const addresses = ipv4(5_000);
  const [before, after] = [ownersOf(nodes, addresses), ownersOf(nodes.toSpliced(3, 1), addresses)];
  const moved = addresses.flatMap((_, i) => (before[i] === after[i] ? [] : [[before[i], after[i]]]));
  expect(new Set(moved.map(([from]) => from))).toEqual(new Set(['node-4']));
  expect(moved).toHaveLength(before.filter((name) => name === 'node-4').length);
  expect(new Set(moved.map(([, to]) => to)).size).toBe(9);
});
