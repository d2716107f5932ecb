/** The patch, applied by the package that made it and judged by what comes out; for any keys, `/` and `~` in them. */
import fc from 'fast-check';
import { applyPatch } from 'rfc6902';
import {
  type ManagedMetadata,
  managedMetadataOf,
  withManagedMetadata,
} from '../../../../lib/api/service/managed-metadata.ts';
import type { Service } from '../../../../lib/api/service/service.ts';
import { patchFor } from '../../../../webhook/review/patch.ts';
import { service } from '../builders.ts';

function applied(one: Service, changed: Service): Service {
  const copy = structuredClone(one);
  expect(applyPatch(copy, [...patchFor(one, changed)] as Parameters<typeof applyPatch>[1])).not.toContainEqual(
    expect.any(Error),
  );
  return copy;
}

const key = fc.oneof(
  fc.string({ unit: fc.constantFrom('/', '~', '0', '1', 'a', '.'), minLength: 1, maxLength: 6 }),
  fc.constantFrom('skycap.io/addresses', 'skycap.io/claim', 'a~1b/c', '~01'),
);
const map = fc.option(fc.dictionary(key, fc.string()), { nil: undefined });
const anyService = fc.tuple(map, map).map(
  ([annotations, labels]): Service => ({
    metadata: { name: 'front', ...(annotations && { annotations }), ...(labels && { labels }) },
    spec: { type: 'LoadBalancer' },
  }),
);
const text = fc.option(fc.string(), { nil: undefined });
const anyMarks: fc.Arbitrary<ManagedMetadata> = fc.record({
  addresses: text,
  token: text,
  waitingSince: text,
  eip: text,
});

it('makes of any Service the one with the marks, and changes nothing else', () => {
  fc.assert(
    fc.property(anyService, anyMarks, (one, managed) => {
      const changed = withManagedMetadata(one, managed);
      const result = applied(one, changed);
      expect(managedMetadataOf(result)).toEqual(managed);
      expect({ ...result.metadata.annotations }).toEqual({ ...changed.metadata.annotations });
      expect({ ...result.metadata.labels }).toEqual({ ...changed.metadata.labels });
      expect(result.spec).toEqual(one.spec);
    }),
  );
});

it('putting back the marks that were there gives the very same Service', () => {
  fc.assert(
    fc.property(anyService, anyMarks, (one, managed) => {
      const back = withManagedMetadata(withManagedMetadata(one, managed), managedMetadataOf(one));
      expect({ ...back.metadata.annotations }).toEqual({ ...one.metadata.annotations });
      expect(patchFor(one, back)).toEqual([]);
    }),
  );
});

it('touches annotations and labels only, whatever else differs', () => {
  const one = service();
  const changed = { ...withManagedMetadata(one, { addresses: '198.51.100.7' }), spec: { type: 'ClusterIP' as const } };
  expect(patchFor(one, changed)).toEqual([
    { op: 'add', path: '/metadata/annotations/skycap.io~1addresses', value: '198.51.100.7' },
  ]);
});

it('adds no empty map', () => {
  const bare: Service = { metadata: { name: 'front' } };
  expect(patchFor(bare, withManagedMetadata(bare, {}))).toEqual([]);
  expect(patchFor(bare, withManagedMetadata(bare, { eip: 'web' }))).toEqual([
    { op: 'add', path: '/metadata/labels', value: { 'eip.openelb.kubesphere.io/v1alpha2': 'web' } },
  ]);
});
