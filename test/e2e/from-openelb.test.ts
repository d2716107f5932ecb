/**
 * docs/from-openelb.md as it stands: a cluster with OpenELB's objects, names and webhook is taken over, OpenELB is removed, and its own uninstall, which deletes the definitions, hurts
 * no Service. OpenELB's programs are stand-ins (test/support/docs/openelb.yaml).
 */
import { join } from 'node:path';
import { LAB_OVERLAY } from '../lab/install.ts';
import { Lab } from '../lab/lab.ts';
import { eventually } from '../lab/poll.ts';
import { LabReader } from '../support/docs/lab-reader.ts';

const PAGE = 'docs/from-openelb.md';
const FIXTURES = join(import.meta.dirname, '../support/docs');
const ADDRESS = '198.51.100.2';
const DEFINITIONS = ['eips', 'bgpconfs', 'bgppeers'].map((plural) => `${plural}.network.kubesphere.io`);

let lab: Lab;
let reader: LabReader;

const kubectl = (...args: string[]) => lab.kubectl(args);

beforeAll(async () => {
  lab = await Lab.attach();
  reader = await LabReader.open(lab);
  await kubectl('delete', '-k', LAB_OVERLAY, '--ignore-not-found');
  await kubectl('apply', '-f', join(FIXTURES, 'openelb.yaml'));
  await kubectl('wait', '--for=condition=Established', '--timeout=30s', ...DEFINITIONS.map((name) => `crd/${name}`));
  await kubectl('apply', '-f', join(FIXTURES, 'openelb-objects.yaml'));
  await publishes('service', 'web', { loadBalancer: { ingress: [{ ip: ADDRESS }] } });
  await publishes('eip', 'bgp-eip', { usage: 1, poolSize: 256, v4: true, used: { [ADDRESS]: 'default/web' } });
  const backends = await kubectl('kustomize', join(LAB_OVERLAY, 'examples'));
  await lab.kubectl(['apply', '-f', '-'], {
    input: backends
      .split(/^---$/m)
      .filter((one) => /^kind: Deployment$/m.test(one))
      .join('---\n'),
  });
  await kubectl('-n', 'openelb-system', 'rollout', 'status', 'daemonset/openelb-speaker', '--timeout=60s');
}, 180_000);

afterAll(async () => {
  await kubectl(
    'delete',
    'namespace/openelb-system',
    'validatingwebhookconfiguration/openelb-admission',
    '--ignore-not-found',
  );
  await kubectl('delete', 'service/web', 'deployment/web', '--ignore-not-found');
  await reader?.installSkycapAgain();
  await kubectl('delete', 'eips,bgpconfs,bgppeers', '--all');
  await reader?.[Symbol.asyncDispose]();
  await lab?.detach();
}, 180_000);

async function publishes(kind: string, name: string, status: object): Promise<void> {
  await kubectl('patch', kind, name, '--subresource=status', '--type=merge', '-p', JSON.stringify({ status }));
}

const published = () => kubectl('get', 'service', 'web', '-o', 'jsonpath={.status.loadBalancer.ingress[*].ip}');
const answers = async () =>
  (await lab.client.getMany(`http://${ADDRESS}/`, { count: 10 })).filter(({ ok }) => ok).length;

test('its Services keep their addresses, and Skycap announces them', async () => {
  await reader.does(PAGE, 'Before');
  await reader.does(PAGE, 'Take over');
  expect(await published()).toBe(ADDRESS);
}, 180_000);

test('OpenELB is removed, and its finalizers are', async () => {
  await reader.does(PAGE, 'Remove OpenELB');
  const finalizers = () =>
    kubectl('get', 'eips,bgpconfs,bgppeers,services', '-A', '-o', 'jsonpath={.items[*].metadata.finalizers}');
  await eventually(async () => (await finalizers()).trim() === '', { what: 'no finalizer', deadlineMs: 30_000 });
  expect(await answers()).toBe(10);
}, 120_000);

test('deleted definitions take no address away, and come back with the objects', async () => {
  await kubectl('delete', 'crd', ...DEFINITIONS);
  expect(await answers()).toBe(10);
  expect(await published()).toBe(ADDRESS);
  await reader.does(PAGE, 'If the definitions are gone');
  expect(await published()).toBe(ADDRESS);
  expect(await answers()).toBe(10);
}, 120_000);

test('each section with commands is done', () => expect(reader.undone(PAGE)).toEqual([]));
