import fc from 'fast-check';
import type { KubeObject } from '../../../../../lib/api/meta/object.ts';
import { changesBetween, changesOf } from '../../../../../lib/kube/cache/changes.ts';

function object(name: string, uid: string, resourceVersion: string): KubeObject {
  return { metadata: { name, uid, resourceVersion } };
}

const A1 = object('a', 'u1', '1');
const A2 = object('a', 'u1', '2');
const OTHER = object('a', 'u2', '3');

const rows: Record<string, { old?: KubeObject; now?: KubeObject; expected: unknown[] }> = {
  'nothing before, nothing now': { expected: [] },
  'a new object': { now: A1, expected: [{ type: 'added', key: 'a', object: A1 }] },
  'an object that went': { old: A1, expected: [{ type: 'deleted', key: 'a', object: A1 }] },
  'the same version again': { old: A1, now: object('a', 'u1', '1'), expected: [] },
  'another version': { old: A1, now: A2, expected: [{ type: 'modified', key: 'a', object: A2, old: A1 }] },
  'another object of the same name': {
    old: A1,
    now: OTHER,
    expected: [
      { type: 'deleted', key: 'a', object: A1 },
      { type: 'added', key: 'a', object: OTHER },
    ],
  },
};

it.each(Object.entries(rows))('%s', (_, { old, now, expected }) => {
  expect(changesOf('a', old, now)).toEqual(expected);
});

const OBJECTS = fc
  .uniqueArray(
    fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.constantFrom('u1', 'u2'), fc.constantFrom('1', '2')),
    {
      selector: ([name]) => name,
    },
  )
  .map((all) => new Map<string, KubeObject>(all.map(([name, uid, version]) => [name, object(name, uid, version)])));

it('leads from one list to the next when its changes are applied in order, deletions first', () => {
  fc.assert(
    fc.property(OBJECTS, OBJECTS, (before, after) => {
      const replayed = new Map(before);
      const changes = changesBetween(before, after);
      for (const change of changes) {
        if (change.type === 'added') expect(replayed.has(change.key)).toBe(false);
        if (change.type === 'deleted') replayed.delete(change.key);
        else replayed.set(change.key, change.object);
      }
      expect(replayed).toEqual(after);
      const types = changes.map((change) => change.type);
      expect(types).toEqual([...types.filter((t) => t === 'deleted'), ...types.filter((t) => t !== 'deleted')]);
    }),
  );
});
