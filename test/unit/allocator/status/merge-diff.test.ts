import fc from 'fast-check';
import { mergeDiff } from '../../../../allocator/status/merge-diff.ts';

type Map = Record<string, unknown>;

/** RFC 7396 §2, as it is written there. */
function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Map =
    typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...(target as Map) } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
}

test.each([
  ['nothing where nothing differs', { a: { b: [1] } }, { a: { b: [1] } }, undefined],
  [
    'only what differs',
    { used: { a: 'x', b: 'y' }, usage: 2 },
    { used: { a: 'x', c: 'z' }, usage: 2 },
    { used: { b: null, c: 'z' } },
  ],
  ['a list as a whole', { a: [1, 2], b: 1 }, { a: [1], b: 1 }, { a: [1] }],
  ['null for what is gone', { a: 1 }, {}, { a: null }],
  ['undefined as absent', { a: 1 }, { a: undefined }, { a: null }],
  ['all where there was nothing', undefined, { a: {} }, { a: {} }],
])('sends %s', (_, from, to, patch) => {
  expect(mergeDiff(from, to)).toEqual(patch);
});

test('the patch turns the one into the other, as RFC 7396 has it', () => {
  const leaf = fc.oneof(fc.boolean(), fc.integer(), fc.string(), fc.array(fc.integer(), { maxLength: 2 }));
  const key = fc.constantFrom('a', 'b', 'c', '__proto', 'function Object() { [native code] }');
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 3 }, leaf, tie('map')),
    map: fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  }));
  const map = fc.dictionary(key, value, { maxKeys: 4 });
  fc.assert(
    fc.property(map, map, (from, to) => {
      const patch = mergeDiff(from, to);
      if (patch === undefined) expect(from).toEqual(to);
      else expect(merge(from, patch)).toEqual(to);
    }),
  );
});
