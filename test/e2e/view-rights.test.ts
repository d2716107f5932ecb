/** `kubectl skycap` with the ClusterRole `view` of Kubernetes, bound in one namespace, or in the cluster. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PluginRun, runPlugin } from '../support/plugin.ts';
import { Scene } from './support/scene.ts';

let scene: Scene;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skycap-view-'));
  scene = await Scene.open('view-rights', { v4: '198.51.119.0/28' });
  const { namespace, lab } = scene;
  for (const name of ['tenant', 'viewer']) await lab.kubectl(['create', 'serviceaccount', name, '-n', namespace]);
  const account = (name: string) => `--serviceaccount=${namespace}:${name}`;
  await lab.kubectl(['create', 'rolebinding', 'view', '-n', namespace, '--clusterrole=view', account('tenant')]);
  await lab.kubectl(['create', 'clusterrolebinding', namespace, '--clusterrole=view', account('viewer')]);
  await scene.createService('web');
  await scene.createService('waits', { annotations: { 'eip.openelb.kubesphere.io/v1alpha2': 'none' } });
  await scene.published('web');
}, 120_000);

afterAll(async () => {
  await scene.lab.kubectl(['delete', 'clusterrolebinding', scene.namespace, '--ignore-not-found']);
  await scene.close();
  await rm(folder, { recursive: true, force: true });
}, 120_000);

async function as(user: 'tenant' | 'viewer', ...args: string[]): Promise<PluginRun> {
  const { lab, namespace } = scene;
  const token = (await lab.kubectl(['create', 'token', user, '-n', namespace])).trim();
  const config = JSON.parse(await readFile(lab.kubeconfig, 'utf8'));
  config.users = [{ name: user, user: { token } }];
  config.contexts[0].context = { ...config.contexts[0].context, user, namespace };
  const file = join(folder, user);
  await writeFile(file, JSON.stringify(config));
  const run = await runPlugin(['--kubeconfig', file, ...args]);
  expect(`${run.out}${run.err}`).not.toContain(token);
  return run;
}

const KINDS = 'You may not list eips, bgpconfs, bgppeers, speakers, nodes: nothing is known of them.';

test('in one namespace: its Services, and no word on what the user may not read', async () => {
  const status = await as('tenant', 'status');
  expect(status).toMatchObject({ code: 1, err: '' });
  expect(status.out).toMatch(/^✗ 1 Service with an address, 1 without; 1 problem\n/);
  expect(status.out).toContain('view-rights/waits  EipNotFound');
  expect(status.out).toContain(KINDS);
  const explained = await as('tenant', 'explain', 'web');
  expect(explained.err).toBe('');
  expect(explained.out).toContain('✓ Service view-rights/web: status.loadBalancer has 198.51.119.0');
  expect(await as('tenant', 'explain', 'waits')).toMatchObject({
    ...{ code: 1, err: '', out: expect.stringContaining('✗ Service view-rights/waits: EipNotFound') },
  });
  expect(await as('tenant', 'explain', 'default/kubernetes')).toMatchObject({ code: 4, out: '' });
  expect(await as('tenant', 'history', 'web')).toMatchObject({
    ...{ code: 0, err: '', out: expect.stringContaining('You may not list eipclaims, addresshistories') },
  });
  const doctor = await as('tenant', 'doctor');
  expect(doctor).toMatchObject({ code: 0, err: '', out: expect.stringContaining('in what you may read') });
  expect(doctor.out).not.toMatch(/✓ (?!Kubernetes$)/m);
}, 60_000);

test('in the cluster: pools, nodes and the history, and no BgpPeer', async () => {
  const status = await as('viewer', 'status');
  expect(status.err).toBe('');
  expect(status.out).toMatch(/^view-rights-v4 +198\.51\.119\.0\/28/m);
  expect(status.out).toContain('You may not list bgppeers, nodes: nothing is known of them.');
  const history = await as('viewer', 'history', '198.51.119.0');
  expect(history).toMatchObject({ code: 0, err: '', out: expect.stringContaining('view-rights/web') });
  expect(await as('viewer', 'explain', 'bgppeer/router')).toMatchObject({ code: 4, out: '' });
}, 60_000);
