/** Fields of Skycap that a CustomResourceDefinition lacks, of an older Skycap or of OpenELB. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CRD_FIELDS } from '../../../../lib/preflight/crds/crd-fields.ts';
import { crdFindings, fieldsOf, missingFields } from '../../../../lib/preflight/crds/missing-fields.ts';
import { type Manifest, ROOT, readCrds } from '../../manifests/files.ts';

const crds = Object.values(readCrds());
/** Of the version that is stored; a field `[]` of a list of lists does not occur. */
const inManifests = Object.fromEntries(
  crds.map((crd: Manifest) => {
    const version = crd.spec.versions.find((one: Manifest) => one.storage);
    return [crd.metadata.name, { [version.name]: fieldsOf(version.schema.openAPIV3Schema) }];
  }),
);

/** `npm run format` formats the file that UPDATE_GOLDEN=1 writes. */
test('crd-fields.ts has the fields of manifests/crds', () => {
  const path = join(ROOT, 'lib/preflight/crds/crd-fields.ts');
  const head = readFileSync(path, 'utf8').split('= {')[0];
  if (process.env.UPDATE_GOLDEN) writeFileSync(path, `${head}= ${JSON.stringify(inManifests)};\n`);
  else expect(CRD_FIELDS).toEqual(inManifests);
});

test.each(crds)('the definition of $metadata.name lacks nothing', (crd: Manifest) => {
  expect(crdFindings(crd.metadata.name, crd)).toEqual([]);
});

const eips = (): Manifest => structuredClone(readCrds().eips);
const NAME = 'eips.network.kubesphere.io';
const schemaIn = (crd: Manifest) =>
  crd.spec.versions.find((one: Manifest) => one.storage).schema.openAPIV3Schema.properties;

test('a definition of another version is told by the fields that it lacks', () => {
  const older = eips();
  delete schemaIn(older).spec.properties.bgp;
  delete schemaIn(older).status.properties.conditions.items.properties.observedGeneration;
  expect(crdFindings(NAME, older)).toEqual([
    {
      reason: 'CrdOutdated',
      object: { kind: 'CustomResourceDefinition', name: NAME },
      message:
        'the definition is of another version and lacks spec.bgp, status.conditions[].observedGeneration: the API server removes these fields from each object',
      remedy: expect.stringMatching(/^apply Skycap's definitions: kubectl apply/),
    },
  ]);
});

test('a version that is not served is told, an absent definition is not', () => {
  const other = eips();
  other.spec.versions = other.spec.versions.map((one: Manifest) => ({ ...one, served: !one.storage }));
  expect(crdFindings(NAME, other)).toMatchObject([{ message: expect.stringMatching(/does not serve v1alpha2/) }]);
  expect(crdFindings(NAME, undefined)).toEqual([]);
});

test('a schema that keeps unknown fields lacks none of them', () => {
  const keeping = eips();
  schemaIn(keeping).spec = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  expect(crdFindings(NAME, keeping)).toEqual([]);
  expect(missingFields(undefined, ['spec'])).toEqual([]);
});
