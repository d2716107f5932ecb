/** Who watches whom, for any set of nodes. */
import fc from 'fast-check';
import { WATCHERS, watchedBy, watches } from '../../../../../speaker/l2/peers/ring.ts';

const names = (most: number) =>
  fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: most });

it.each<[string, readonly string[], number]>([
  ['one node has nobody', ['a'], 0],
  ['two watch each other', ['a', 'b'], 1],
  ['three', ['a', 'b', 'c'], 2],
  ['four: all of the others', ['a', 'b', 'c', 'd'], 3],
  ['five: three of the others', ['a', 'b', 'c', 'd', 'e'], 3],
])('%s', (_, members, count) => {
  for (const node of members) {
    expect(watches(node, members)).toHaveLength(count);
    expect(watchedBy(node, members)).toHaveLength(count);
  }
});

it('a node that is no member watches nobody', () => {
  expect([watches('x', ['a', 'b']), watchedBy('x', ['a', 'b']), watches('x', [])]).toEqual([[], [], []]);
});

it('who watches whom is the same from both ends, in whatever order the members are told', () => {
  fc.assert(
    fc.property(names(30), (members) => {
      const reversed = [...members].reverse();
      for (const a of members) {
        for (const b of members) expect(watches(a, members).includes(b)).toBe(watchedBy(b, reversed).includes(a));
      }
    }),
  );
});

it('everyone is watched by as many as there can be up to three, each once and never by itself', () => {
  fc.assert(
    fc.property(names(60), (members) => {
      for (const node of members) {
        const watchers = watchedBy(node, members);
        expect(new Set(watchers).size).toBe(Math.min(WATCHERS, members.length - 1));
        expect(watchers).not.toContain(node);
      }
    }),
  );
});

it('a loss changes nothing but for its own neighbours, each of whom gets one in its place', () => {
  fc.assert(
    fc.property(names(60), fc.nat(), (members, at) => {
      const gone = members[at % members.length]!;
      const rest = members.filter((name) => name !== gone);
      for (const node of rest) {
        const [before, after] = [watches(node, members), watches(node, rest)];
        if (!before.includes(gone)) expect(after).toEqual(before);
        else expect(after.slice(0, before.length - 1)).toEqual(before.filter((name) => name !== gone));
      }
    }),
  );
});

it('nodes named in a row are not neighbours for that', () => {
  const members = Array.from({ length: 60 }, (_, i) => `rack-${Math.floor(i / 20)}-node-${i % 20}`);
  const rackOf = (name: string) => name.slice(0, 6);
  const amongThemselves = members.filter((node) =>
    watchedBy(node, members).every((watcher) => rackOf(watcher) === rackOf(node)),
  );
  expect(amongThemselves.length).toBeLessThan(members.length / 5);
});
