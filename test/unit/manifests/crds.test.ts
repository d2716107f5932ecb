/** The CRDs by themselves, and held against the TypeScript types of lib/api: neither has a field that the other lacks. */
import { join } from 'node:path';
import { OPENELB_GROUP, SKYCAP_GROUP } from '../../../lib/api/keys.ts';
import { ADDRESS_HISTORIES, BGP_CONFS, BGP_PEERS, EIP_CLAIMS, EIPS, SPEAKERS } from '../../../lib/kube/resource.ts';
import { type Manifest, ROOT, readCrds, schemaOf } from './files.ts';
import { leaves, requiredPaths, type Shape, shapeOfInterface, shapeOfSchema, wordsByPath } from './shape.ts';

const crds = readCrds();
const KINDS = [
  { resource: EIPS, type: 'EipObject', file: 'eip/eip-types.ts' },
  { resource: BGP_CONFS, type: 'BgpConfObject', file: 'bgp/bgp-types.ts' },
  { resource: BGP_PEERS, type: 'BgpPeerObject', file: 'bgp/bgp-types.ts' },
  { resource: EIP_CLAIMS, type: 'EipClaim', file: 'skycap/claim.ts' },
  { resource: ADDRESS_HISTORIES, type: 'AddressHistory', file: 'skycap/address-history.ts' },
  { resource: SPEAKERS, type: 'SpeakerObject', file: 'skycap/speaker-types.ts' },
] as const;

/** Spec and status: the API server sees to the rest. */
function body(shape: Shape): Shape {
  if (shape.kind !== 'object') throw new Error('Cannot take spec and status of what is no object');
  const { spec, status } = shape.fields;
  return { kind: 'object', fields: { ...(spec && { spec }), ...(status && { status }) } };
}

function everySchema(schema: Manifest, path: string): { path: string; schema: Manifest }[] {
  const below = [
    ...Object.entries(schema.properties ?? {}).map(([name, child]): [string, Manifest] => [`${path}.${name}`, child]),
    ...(schema.items ? [[`${path}[]`, schema.items] as [string, Manifest]] : []),
    ...(schema.additionalProperties ? [[`${path}{}`, schema.additionalProperties] as [string, Manifest]] : []),
  ];
  return [{ path, schema }, ...below.flatMap(([at, child]) => everySchema(child, at))];
}

const everyField = Object.entries(crds).flatMap(([plural, crd]) =>
  crd.spec.versions.flatMap((version: Manifest) =>
    everySchema(version.schema.openAPIV3Schema, `${plural}/${version.name}`),
  ),
) as { path: string; schema: Manifest }[];

describe.each(KINDS)('$resource.kind', ({ resource, type, file }) => {
  const crd = crds[resource.plural];
  const schema = body(shapeOfSchema(schemaOf(crd, resource.version)));
  const types = body(shapeOfInterface(join(ROOT, 'lib/api', file), type));

  it('is where lib/kube/resource.ts says', () => {
    expect(crd.metadata.name).toBe(`${resource.plural}.${resource.group}`);
    expect(crd.spec.group).toBe(resource.group);
    expect(crd.spec.scope).toBe(resource.namespaced ? 'Namespaced' : 'Cluster');
    expect(crd.spec.names).toMatchObject({
      kind: resource.kind,
      listKind: `${resource.kind}List`,
      plural: resource.plural,
      singular: resource.kind.toLowerCase(),
    });
    expect(
      crd.spec.versions.filter((version: Manifest) => version.storage).map((version: Manifest) => version.name),
    ).toEqual([resource.version]);
  });

  it('has the fields of the TypeScript type, and no others', () => {
    expect(leaves(schema).sort()).toEqual(leaves(types).sort());
  });

  it('allows the words of the TypeScript type', () => {
    const inSchema = wordsByPath(schema);
    const inTypes = wordsByPath(types);
    for (const [path, words] of Object.entries(inSchema))
      if (inTypes[path]) expect({ path, words }).toEqual({ path, words: inTypes[path] });
    // What OpenELB stored in a status stays readable, so its strings are open; everything else that the type lists, the schema lists.
    const open = Object.keys(inTypes).filter((path) => !inSchema[path] && !path.startsWith('status.nodesPeerStatus'));
    expect(open).toEqual([]);
  });

  it('requires what the TypeScript type requires, in the kinds that Skycap itself writes', () => {
    if (resource.group === SKYCAP_GROUP) expect(requiredPaths(schema).sort()).toEqual(requiredPaths(types).sort());
    else
      expect(requiredPaths(schema).filter((path) => !/\[\]|conditions/.test(path))).toEqual(
        resource.kind === 'Eip' ? ['spec.address'] : [],
      );
  });

  it('has a status subresource if it has a status', () => {
    const version = crd.spec.versions.find((candidate: Manifest) => candidate.name === resource.version);
    expect('status' in (version.subresources ?? {})).toBe('status' in version.schema.openAPIV3Schema.properties);
  });
});

describe('as OpenELB has them', () => {
  it('Eip is listed by `kubectl get networking`, and its columns begin as ever', () => {
    expect(crds.eips.spec.names.categories).toEqual(['networking']);
    for (const version of crds.eips.spec.versions) {
      expect(version.additionalPrinterColumns.slice(0, 3)).toEqual([
        { name: 'cidr', type: 'string', jsonPath: '.spec.address' },
        { name: 'usage', type: 'integer', jsonPath: '.status.usage' },
        { name: 'total', type: 'integer', jsonPath: '.status.poolSize' },
      ]);
    }
  });

  it.each(['eips', 'bgpconfs', 'bgppeers'])('%s are served in v1alpha1 too, without conversion', (plural) => {
    const crd = crds[plural];
    expect(crd.spec.group).toBe(OPENELB_GROUP);
    expect(crd.spec.conversion).toBeUndefined();
    expect(crd.spec.names.shortNames).toBeUndefined();
    const old = crd.spec.versions.find((version: Manifest) => version.name === 'v1alpha1');
    expect(old).toMatchObject({ served: true, storage: false, deprecated: true });
    expect(old.deprecationWarning.length).toBeLessThanOrEqual(256);
  });

  it('v1alpha1 has the fields of 0.3', () => {
    const fields = (plural: string) => leaves(shapeOfSchema(schemaOf(crds[plural], 'v1alpha1'))).sort();
    expect(fields('eips')).toEqual([
      'spec.address: string',
      'spec.disable: boolean',
      'spec.protocol: string',
      'spec.usingKnownIPs: boolean',
      'status.occupied: boolean',
      'status.poolSize: number',
      'status.usage: number',
    ]);
    expect(fields('bgpconfs')).toEqual(['spec.as: number', 'spec.port: number', 'spec.routerID: string']);
    expect(fields('bgppeers')).toEqual([
      'spec.addPaths.sendMax: number',
      'spec.config.neighborAddress: string',
      'spec.config.peerAs: number',
      'spec.transport.passiveMode: boolean',
      'spec.transport.remotePort: number',
      'spec.usingPortForward: boolean',
    ]);
  });

  it('no schema fills in a default, so that a stored object is what its author wrote', () => {
    expect(everyField.filter(({ schema }) => 'default' in schema).map(({ path }) => path)).toEqual([]);
  });
});

describe('every field', () => {
  it('has a sentence for kubectl explain', () => {
    expect(everyField.length).toBeGreaterThan(200);
    const without = everyField
      .filter(({ schema }) => !/^[A-Z].*[.]$/s.test(schema.description ?? ''))
      .map(({ path }) => path);
    expect(without).toEqual([]);
  });

  it('that is an AS number takes all 32 bits', () => {
    const asNumbers = everyField.filter(
      ({ path }) => /(\.as|[a-z]As|asPerRack\{\})$/.test(path) && !path.endsWith('allowOwnAs'),
    );
    const integers = asNumbers.filter(({ schema }) => schema.type === 'integer');
    expect(integers.length).toBeGreaterThanOrEqual(12);
    expect(integers.filter(({ schema }) => schema.format !== 'int64').map(({ path }) => path)).toEqual([]);
    const bounded = integers.filter(({ path }) => path.includes('.spec.'));
    expect(bounded.filter(({ schema }) => schema.maximum !== 4_294_967_295).map(({ path }) => path)).toEqual([]);
  });

  it('that is a list of conditions is a map by type, so that writers do not overwrite each other', () => {
    const conditions = everyField.filter(({ path }) => path.endsWith('.status.conditions'));
    expect(conditions).toHaveLength(4);
    for (const { schema } of conditions) {
      expect(schema).toMatchObject({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] });
    }
  });
});
