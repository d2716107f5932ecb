/**
 * The definitions judged by a real API server: what is accepted, what is refused and with which words, what `kubectl get` and
 * `kubectl explain` show, and that objects stored under OpenELB's own definitions stay usable under ours.
 */
import { stringify } from 'yaml';
import type { KubeObject } from '../../../lib/api/meta/object.ts';
import type { KubeClient } from '../../../lib/kube/client.ts';
import type { Resource } from '../../../lib/kube/resource.ts';
import { ControlPlane } from '../../support/control-plane.ts';
import { type Manifest, ROOT, readCrds } from '../../unit/manifests/files.ts';
import { OPENELB_SAMPLES } from '../../unit/manifests/openelb-samples.ts';
import { ACCEPTED, claim, conf, eip, neighbour, PASSWORDS, REFUSED } from './rows.ts';

let plane: ControlPlane;
let client: KubeClient;

beforeAll(async () => {
  plane = await ControlPlane.start();
  client = plane.client();
  await storeAsOpenElbDid();
  await plane.kubectl(['apply', '--server-side', '-k', `${ROOT}/manifests/crds`, '--force-conflicts']);
  await established();
}, 90_000);
afterAll(() => plane[Symbol.asyncDispose]());

const established = () => plane.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=20s']);

/** The place in the API of an object of ours, by its apiVersion and kind. */
function resourceOf({ apiVersion, kind }: Manifest): Resource<Manifest> {
  const [group, version] = apiVersion.split('/');
  const plural = Object.values(readCrds()).find((crd) => crd.spec.names.kind === kind).spec.names.plural;
  return { group, version, kind, plural, namespaced: false };
}

const create = (object: Manifest, options: { readonly dryRun?: boolean } = {}): Promise<KubeObject> =>
  client.create(resourceOf(object), object, options);
const merge = (object: Manifest, body: object, subresource?: 'status') =>
  client.patch(resourceOf(object), object.metadata, body, { type: 'merge', ...(subresource && { subresource }) });

/** What the API server says against creating it; empty where it accepts. */
async function objection(object: Manifest): Promise<string> {
  return create(object, { dryRun: true }).then(
    () => '',
    (error: Error) => error.message,
  );
}

/** OpenELB's definitions are ours without the rules; under them these objects were accepted and, but for the first, of no use. */
const STORED: readonly Manifest[] = [
  { kind: 'Eip', metadata: { name: 'stored' }, spec: { address: '192.0.2.0/28' } },
  {
    kind: 'Eip',
    metadata: { name: 'stored-spaces' },
    spec: { address: '192.0.2.1 - 192.0.2.9', interface: 'a:b', namespaces: ['No Such'] },
  },
  { kind: 'Eip', metadata: { name: 'stored-layer2' }, spec: { address: '192.0.2.77', protocol: 'layer2' } },
  { kind: 'Eip', metadata: { name: 'stored-specless' } },
  { kind: 'Eip', metadata: { name: `stored-${'n'.repeat(70)}` }, spec: { address: '192.0.2.78' } },
  { kind: 'BgpConf', metadata: { name: 'stored' }, spec: { routerId: 'x' } },
  {
    kind: 'BgpPeer',
    metadata: { name: 'stored' },
    spec: { conf: { neighborAddress: 'x', authPassword: 'a"b' }, timers: { config: { holdTime: '1' } } },
  },
  { kind: 'BgpPeer', metadata: { name: 'stored-specless' } },
].map((object) => ({ apiVersion: 'network.kubesphere.io/v1alpha2', ...object }));

async function storeAsOpenElbDid(): Promise<void> {
  const { eips, bgpconfs, bgppeers } = readCrds();
  await plane.kubectl(
    ['apply', '-f', '-'],
    [eips, bgpconfs, bgppeers].map((crd) => stringify(withoutRules(crd))).join('---\n'),
  );
  await established();
  for (const object of STORED) {
    await create({ ...object, metadata: { ...object.metadata, finalizers: ['finalizer.lb.kubesphere.io/v1alpha1'] } });
  }
  const status = { poolSize: 0, usage: 1, used: { '192.0.2.1': 'default/a' }, ready: true };
  await merge(STORED[0], { status }, 'status');
}

function withoutRules(schema: Manifest): Manifest {
  if (Array.isArray(schema)) return schema.map(withoutRules);
  if (typeof schema !== 'object' || schema === null) return schema;
  const rules = ['x-kubernetes-validations', 'maxLength', 'maxItems', 'maximum', 'minimum'];
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key]) => !rules.includes(key))
      .map(([key, value]) => [key, withoutRules(value)]),
  );
}

describe("OpenELB's objects", () => {
  it.each(OPENELB_SAMPLES)('$name is accepted unchanged', async ({ object }) => {
    expect(await objection(object)).toBe('');
  });

  it.each(STORED)(
    '$kind $metadata.name, stored before, can be read, labelled, given a status, and let go',
    async (object) => {
      const read = () => client.get(resourceOf(object), object.metadata);
      expect((await read()).spec).toEqual(object.spec);
      await merge(object, { metadata: { labels: { touched: 'yes' } } });
      const condition = {
        type: 'Accepted',
        status: 'False',
        reason: 'Invalid',
        message: 'm',
        lastTransitionTime: '2026-01-02T03:04:05Z',
      };
      await merge(object, { status: { conditions: [condition] } }, 'status');
      expect((await read()).status.conditions).toEqual([condition]);
      await client.delete(resourceOf(object), object.metadata);
      await merge(object, { metadata: { finalizers: null } });
      await expect(read()).rejects.toThrow(/not found/);
    },
  );

  it('v1alpha1 is answered with a warning that says what is not kept', async () => {
    const old = stringify(OPENELB_SAMPLES.at(-1)?.object);
    const created = plane.kubectl(['create', '--dry-run=server', '--warnings-as-errors', '-f', '-'], old);
    await expect(created).rejects.toThrow(/config, addPaths and usingPortForward are not kept; write v1alpha2/);
  });
});

describe('refused without a webhook, in words', () => {
  it.each(REFUSED)('%s', async (_, object, words) => {
    expect(await objection(object)).toMatch(words);
  });

  it.each(PASSWORDS)('a password with %s, without repeating it', async (_, authPassword, words) => {
    const said = await objection(neighbour({ authPassword }));
    expect(said).toMatch(words);
    expect(said).not.toContain(authPassword.slice(0, 6));
  });

  it('a field that does not exist, by kubectl', async () => {
    const misspelt = stringify(eip({ address: '192.0.2.1', adress: 'x' }));
    const created = plane.kubectl(['create', '--dry-run=server', '-f', '-'], misspelt);
    await expect(created).rejects.toThrow(/unknown field "spec\.adress"/);
  });
});

test.each(ACCEPTED)('accepted: %s', async (_, object) => {
  expect(await objection(object)).toBe('');
});

describe('what people see', () => {
  const speaker = { apiVersion: 'skycap.io/v1alpha1', kind: 'Speaker', metadata: { name: 'n1' } };
  const web = eip({ address: '198.51.100.0/24' }, 'web', { 'eip.openelb.kubesphere.io/is-default-eip': 'true' });
  const held = claim('198.51.100.7', '198.51.100.7', [
    {
      namespace: 'shop',
      name: 'front',
      token: 't',
      ports: [],
      externalTrafficPolicy: 'Cluster',
      selector: '',
      since: '2026-01-02T03:04:05Z',
    },
  ]);

  beforeAll(async () => {
    for (const object of [web, conf({ as: 64_512, routerId: '192.0.2.9' }), neighbour({}), held, speaker])
      await create(object);
    await merge(web, { status: { usage: 0, poolSize: 256, ready: true } }, 'status');
    const since = '2026-01-02T03:04:05Z';
    const ready = { type: 'Ready', status: 'False', reason: 'SessionsDown', message: 'm', lastTransitionTime: since };
    const status = {
      sessionsSummary: '2/2',
      announcedAddresses: 7,
      routerId: '192.0.2.9',
      localAs: 64_512,
      conditions: [ready],
    };
    await merge(speaker, { status }, 'status');
  });

  const tables: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    [
      'eips',
      ['CIDR', 'USAGE', 'TOTAL', 'PROTOCOL', 'DEFAULT', 'READY', 'REASON', 'AGE'],
      ['web', '198.51.100.0/24', '0', '256', 'true'],
    ],
    ['bgpconfs', ['AS', 'ROUTER ID', 'PORT', 'ACCEPTED', 'REASON', 'AGE'], ['c', '64512', '192.0.2.9']],
    [
      'bgppeers',
      ['NEIGHBOR', 'AS', 'ACCEPTED', 'SESSIONS', 'ROUTES', 'SINCE', 'REASON', 'AGE'],
      ['p', '192.0.2.1', '65000'],
    ],
    [
      'eipclaims',
      ['ADDRESS', 'EIP', 'NAMESPACE', 'SERVICE', 'AGE'],
      ['198.51.100.7', '198.51.100.7', 'web', 'shop', 'front'],
    ],
    [
      'speakers',
      ['READY', 'REASON', 'SESSIONS', 'ADDRESSES', 'ROUTER ID', 'AS', 'AGE'],
      ['n1', 'False', 'SessionsDown', '2/2', '7', '192.0.2.9', '64512'],
    ],
  ];
  it.each(tables)('kubectl get %s', async (kind, columns, cells) => {
    const [header, row] = (await plane.kubectl(['get', kind])).trim().split('\n');
    expect(header?.split(/ {2,}/)).toEqual(expect.arrayContaining([...columns]));
    expect(row?.split(/ {2,}/)).toEqual(expect.arrayContaining([...cells]));
  });

  it('the neighbor of a BgpPeer is its address, its interface or its prefix', async () => {
    const peer = (name: string, neighbor: object) => ({
      ...neighbour({}),
      metadata: { name },
      spec: { conf: { ...neighbor, peerAs: 65_000 } },
    });
    await create(peer('unnumbered', { neighborInterface: 'eth1' }));
    await create(peer('dynamic', { neighborPrefix: '192.0.2.0/24' }));
    const rows = (await plane.kubectl(['get', 'bgppeers'])).trim().split('\n').slice(1);
    expect(rows.map((row) => row.split(/ {2,}/).slice(0, 2))).toEqual([
      ['dynamic', '192.0.2.0/24'],
      ['p', '192.0.2.1'],
      ['unnumbered', 'eth1'],
    ]);
  });

  it('Eips are among `kubectl get networking`', async () => {
    expect(await plane.kubectl(['get', 'networking'])).toContain('198.51.100.0/24');
  });

  it('the address of a claim cannot change', async () => {
    await expect(merge(held, { spec: { address: '198.51.100.8' } })).rejects.toThrow(/cannot change/);
  });

  it('kubectl explain has the sentences', async () => {
    const explained = await plane.kubectl(['explain', 'eip.spec.whenFull']);
    expect(explained).toContain('What becomes of a new Service that names this Eip when no address is free');
    expect(await plane.kubectl(['explain', 'speaker.status.sessions.lastError'])).toContain(
      "The daemon's last error about",
    );
  });
});
