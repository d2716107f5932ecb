/**
 * Objects that must be accepted: our examples, and the YAML that OpenELB's users have. Judged by the CRDs' schemas alone; what CEL says of
 * them is seen on a real API server (test/real/manifests).
 */
import { Ajv } from 'ajv';
import { parseEip } from '../../../lib/api/eip/parse-eip.ts';
import { type Manifest, readCrds, readManifests, schemaOf } from './files.ts';
import { OPENELB_SAMPLES } from './openelb-samples.ts';

const crdsByKind = Object.fromEntries(Object.values(readCrds()).map((crd) => [crd.spec.names.kind, crd]));
const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });

/** Unknown fields are pruned by the API server in silence (or refused by kubectl): here they are an error. */
function closed(schema: Manifest): Manifest {
  const properties = Object.entries(schema.properties ?? {}).map(([name, child]) => [name, closed(child)]);
  return {
    ...schema,
    ...(schema.properties && { properties: Object.fromEntries(properties), additionalProperties: false }),
    ...(schema.items && { items: closed(schema.items) }),
  };
}

function errorsOf(object: Manifest): unknown[] {
  const version = object.apiVersion.split('/')[1];
  const { properties, ...rest } = schemaOf(crdsByKind[object.kind], version);
  const meta = { apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: { type: 'object' } };
  const root = closed({ ...rest, properties });
  const validate = ajv.compile({ ...root, properties: { ...root.properties, ...meta } });
  return validate(object) ? [] : (validate.errors ?? []);
}

const examples = readManifests('examples').flatMap((file) =>
  file.objects.filter((object) => object.kind in crdsByKind).map((object) => ({ path: file.path, object })),
);

test.each(examples)('$path: $object.kind $object.metadata.name fits its schema', ({ object }) => {
  expect(errorsOf(object)).toEqual([]);
  if (object.kind === 'Eip') expect(parseEip(object).ok).toBe(true);
});

test('the examples name only Eips that they have', () => {
  const objects = readManifests('examples').flatMap((file) => file.objects);
  const eips = objects.filter((object) => object.kind === 'Eip').map((object) => object.metadata.name);
  const services = objects.filter((object) => object.kind === 'Service');
  expect(services.length).toBeGreaterThanOrEqual(3);
  for (const service of services) {
    expect(service.metadata.annotations['lb.kubesphere.io/v1alpha1']).toBe('openelb');
    const named = service.metadata.annotations['eip.openelb.kubesphere.io/v1alpha2'].split(',');
    for (const name of named) expect(eips).toContain(name);
  }
});

test.each(OPENELB_SAMPLES)("OpenELB's YAML works unchanged: $name", ({ object }) => {
  expect(errorsOf(object)).toEqual([]);
  if ((object as Manifest).kind === 'Eip') expect(parseEip(object as Manifest).ok).toBe(true);
});
