/** No command prints a secret, and a user with few rights gets what they may see, and is told what they may not. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HistoryEntry } from '../../../lib/ipam/history/entry.ts';
import { encodeEntries } from '../../../lib/ipam/history/entry-lines.ts';
import { ADDRESS_HISTORIES, BGP_PEERS, EIP_CLAIMS, EIPS, NODES, SERVICES } from '../../../lib/kube/resource.ts';
import { ControlPlane } from '../../support/control-plane.ts';
import { type PluginRun, runPlugin } from '../../support/plugin.ts';
import { untar } from '../../support/untar.ts';

const ROOT = join(import.meta.dirname, '../../..');
const TENANT = 'tenant';
/** One that no word beside it gives away. */
const PLANTED = 'Xq7hunter2';

let plane: ControlPlane;
let folder: string;
let bundles = 0;

beforeAll(async () => {
  plane = await ControlPlane.start({ users: [TENANT] });
  folder = await mkdtemp(join(tmpdir(), 'skycap-bundle-'));
  await plane.kubectl(['apply', '-k', join(ROOT, 'manifests/crds')]);
  await plane.kubectl(['wait', '--for=condition=Established', 'crd', '--all']);
  await plant();
}, 120_000);
afterAll(async () => {
  await plane?.[Symbol.asyncDispose]();
  if (folder) await rm(folder, { recursive: true, force: true });
});

async function plant(): Promise<void> {
  const admin = plane.client();
  const applied = { 'kubectl.kubernetes.io/last-applied-configuration': `{"password":"${PLANTED}"}` };
  const annotations = { ...applied, 'example.com/note': PLANTED, 'skycap.io/claim': PLANTED };
  for (const namespace of ['shop', 'other', 'skycap-system']) await plane.kubectl(['create', 'namespace', namespace]);
  // As the ClusterRole view, which has no rules without a controller manager.
  await plane.kubectl([
    'create',
    'role',
    'view',
    '-n',
    'shop',
    '--verb=get,list,watch',
    '--resource=services,pods,events',
  ]);
  await plane.kubectl(['create', 'rolebinding', 'view', '-n', 'shop', '--role=view', `--user=${TENANT}`]);
  for (const namespace of ['shop', 'skycap-system']) {
    await plane.kubectl(['create', 'secret', 'generic', 'router', '-n', namespace, `--from-literal=key=${PLANTED}`]);
  }
  for (const namespace of ['shop', 'other']) {
    const spec = { type: 'LoadBalancer', ports: [{ port: 80 }] } as const;
    await admin.create(SERVICES, { metadata: { namespace, name: 'web', annotations }, spec });
  }
  await admin.create(EIPS, { metadata: { name: 'web', annotations }, spec: { address: '192.0.2.0/28' } });
  const conf = { neighborAddress: '192.0.2.200', peerAs: 65_000, authPassword: PLANTED };
  await admin.create(BGP_PEERS, { metadata: { name: 'router', annotations }, spec: { conf } });
  const holder = {
    ...{ namespace: 'shop', name: 'web', token: PLANTED, ports: [], externalTrafficPolicy: 'Cluster' as const },
    ...{ selector: '', since: '2026-01-01T00:00:00Z' },
  };
  await admin.create(EIP_CLAIMS, {
    ...{ apiVersion: 'skycap.io/v1alpha1', kind: 'EipClaim', metadata: { name: '192.0.2.1' } },
    spec: { address: '192.0.2.1', eip: 'web', holders: [holder] },
  });
  const entry: HistoryEntry = {
    ...{ address: '192.0.2.1', eip: 'web', namespace: 'shop', name: 'former', from: '2025-01-01T00:00:00Z' },
    ...{ to: '2025-02-01T00:00:00Z', given: 'EipMatches' as const, taken: 'ServiceGone' as const },
  };
  const spec = { count: 1, entries: await encodeEntries([entry]) };
  await admin.create(ADDRESS_HISTORIES, { metadata: { name: 'entries-000000000' }, spec });
  await admin.create(NODES, { metadata: { name: 'n1', annotations } });
  // No controller manager creates it here.
  await plane.kubectl(['create', 'serviceaccount', 'default', '-n', 'skycap-system']);
  const container = { name: 'speaker', image: 'none', env: [{ name: 'SKYCAP_METRICS_TOKEN', value: PLANTED }] };
  const labels = { 'app.kubernetes.io/name': 'skycap', 'app.kubernetes.io/component': 'speaker' };
  const pod = {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'skycap-speaker-a', namespace: 'skycap-system', labels } },
    spec: { containers: [container], nodeName: 'n1', automountServiceAccountToken: false },
  };
  await plane.kubectl(['apply', '-f', '-'], JSON.stringify(pod));
}

/** Of the API server's admin, or of a user. */
async function plugin(user: string | undefined, ...args: string[]): Promise<PluginRun> {
  return runPlugin(['--kubeconfig', await plane.kubeconfigFile(user), ...args]);
}

async function bundle(user: string | undefined, ...args: string[]) {
  const file = join(folder, `${bundles++}.tar.gz`);
  const run = await plugin(user, ...args, 'support-bundle', '--file', file);
  return { run, file, files: await untar(file) };
}

const COMMANDS: readonly (readonly string[])[] = [
  ['status', '--all'],
  ['history', '192.0.2.1'],
  ['history', 'shop/web'],
  ['maintenance', 'n1'],
  ['maintenance', 'n1', '--end'],
  ['explain', 'shop/web'],
  ['explain', '192.0.2.1'],
  ['explain', 'node/n1'],
  ['doctor'],
  ['simulate', 'node', 'n1', '--gone'],
];

test.each(COMMANDS.flatMap((args) => ['text', 'json', 'yaml'].map((form) => [[...args, '-o', form].join(' ')])))(
  '%s prints no secret',
  async (line) => {
    for (const user of [undefined, TENANT]) {
      const { out, err } = await plugin(user, ...line.split(' '));
      expect(`${out}${err}`).not.toContain(PLANTED);
      expect(`${out}${err}`.length).toBeGreaterThan(0);
    }
  },
);

test('the support bundle has the objects, and no secret in any file', async () => {
  const { run, file, files } = await bundle(undefined);
  expect(run).toMatchObject({ code: 0, out: expect.stringContaining(`Wrote ${file}`) });
  expect([...files].filter(([, text]) => text.includes(PLANTED)).map(([name]) => name)).toEqual([]);
  expect([...files.keys()]).toEqual(expect.arrayContaining(['notes.txt', 'objects/eips.json', 'objects/events.json']));
  expect(files.get('objects/bgppeers.json')).toContain('192.0.2.200');
  expect(files.get('objects/history.json')).toContain('"former"');
  expect(files.get('objects/pods.json')).toContain('skycap-speaker-a');
  // There is no kubelet here.
  expect(files.get('notes.txt')).toContain('log of container speaker of pod skycap-speaker-a');
  expect(files.get('notes.txt')).not.toContain('you may not');
});

test('a user with view rights in one namespace gets the Services there, and is told what is missing', async () => {
  const { run, files } = await bundle(TENANT, '-n', 'shop');
  expect(run.code).toBe(0);
  expect(JSON.parse(files.get('objects/services.json') ?? '')).toMatchObject([{ metadata: { namespace: 'shop' } }]);
  expect(run.out).toMatch(/eips: you may not read this/);
  expect(files.get('notes.txt')).toMatch(/pods: you may not read this/);
  expect([...files].filter(([, text]) => text.includes(PLANTED))).toEqual([]);
});

test('simulate denies nothing that the user may not read', async () => {
  const gone = await plugin(TENANT, 'simulate', 'node', 'n1', '--gone');
  expect(gone).toMatchObject({ code: 4, out: '' });
  expect(gone.err).toMatch(/^As far as you may read: There is no Node n1\. .*You may not list .*nodes/);
  const deleted = await plugin(TENANT, '-n', 'shop', 'simulate', 'delete', 'service', 'web');
  expect(deleted.out).toMatch(/^\? Nothing changes, as far as you may read\n/);
});

test('a file that is there stays as it is', async () => {
  const { file, files } = await bundle(undefined);
  const again = await plugin(undefined, 'support-bundle', '--file', file);
  expect(again).toMatchObject({ code: 2, err: expect.stringContaining('is there already') });
  expect((await untar(file)).size).toBe(files.size);
  const nowhere = await plugin(undefined, 'support-bundle', '--file', join(folder, 'no/such.tar.gz'));
  expect(nowhere).toMatchObject({ code: 2, err: expect.stringContaining('Cannot write') });
});
