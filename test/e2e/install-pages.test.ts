/**
 * docs/install.md, docs/upgrade.md and docs/uninstall.md as they stand, in a real cluster: by kubectl, taken over by Helm, uninstalled with its definitions, installed again by Helm, and upgraded with a changed definition.
 * No Service loses its address on the way.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../lab/poll.ts';
import { exceptionsText, LabReader } from '../support/docs/lab-reader.ts';
import { publishedOf, Scene } from './support/scene.ts';

const INSTALL = 'docs/install.md';
const UPGRADE = 'docs/upgrade.md';
const UNINSTALL = 'docs/uninstall.md';
const EIPS_CRD = 'eips.network.kubesphere.io';
const NAMES = ['one', 'two', 'dual'];
const POOLS = { v4: '198.51.115.0/24', v6: '2001:db8:115::/64' };

let scene: Scene;
let reader: LabReader;
let before: Readonly<Record<string, readonly string[]>>;

beforeAll(async () => {
  process.stderr.write(`${exceptionsText()}\n`);
  scene = await Scene.open('pages', POOLS);
  reader = await LabReader.open(scene.lab);
  for (const name of ['one', 'two']) await scene.createService(name, { spec: { ipFamilyPolicy: 'SingleStack' } });
  await scene.createService('dual', { spec: { ipFamilyPolicy: 'RequireDualStack' } });
  // The Service of the page.
  await reader.shell('kubectl apply -f examples/eip.yaml -f examples/service.yaml');
  for (const name of NAMES) await scene.published(name, name === 'dual' ? 2 : 1);
  before = await published();
});

afterAll(async () => {
  await kubectl('delete', 'service/web', 'deployment/web', '--ignore-not-found');
  await reader?.installSkycapAgain();
  await reader?.[Symbol.asyncDispose]();
  await scene.close();
});

const kubectl = (...args: string[]) => scene.lab.kubectl(args);
const published = async () =>
  Object.fromEntries(
    await Promise.all(NAMES.map(async (name) => [name, publishedOf(await scene.service(name))] as const)),
  );
const claims = () => kubectl('get', 'eipclaims', '-o', 'name');

/** Neither rights nor webhooks nor finalizers are left, and each Service has its addresses. */
async function expectUninstalled(): Promise<void> {
  const kinds = [
    ...['mutatingwebhookconfigurations', 'validatingwebhookconfigurations', 'validatingadmissionpolicies'],
    ...['validatingadmissionpolicybindings', 'clusterroles', 'clusterrolebindings'],
  ];
  const names = await kubectl('get', kinds.join(','), '-o', 'name');
  expect(names.split('\n').filter((name) => name.includes('/skycap'))).toEqual([]);
  const ours = 'eips,bgppeers,bgpconfs,speakers,eipclaims,services';
  expect((await kubectl('get', ours, '-A', '-o', 'jsonpath={.items[*].metadata.finalizers}')).trim()).toBe('');
  expect(await published()).toEqual(before);
}

test('uninstalled by kubectl: definitions, claims and addresses stay', async () => {
  const held = await claims();
  await reader.does(UNINSTALL, 'kubectl');
  await expectUninstalled();
  expect(await claims()).toBe(held);
}, 120_000);

test('installed by kubectl', async () => {
  await reader.does(INSTALL, '');
  await reader.does(INSTALL, 'kubectl');
  expect(await published()).toEqual(before);
  await reader.does(UPGRADE, 'kubectl');
}, 120_000);

test('taken over by Helm', async () => {
  await reader.does(INSTALL, 'Objects that exist already');
  expect(await published()).toEqual(before);
}, 120_000);

test('uninstalled by Helm: definitions, claims and addresses stay, and nobody stands in the way', async () => {
  const held = await claims();
  await reader.does(UNINSTALL, 'Helm');
  // `test/real/manifests/reinstall.test.ts` has a namespace that goes first; here nothing is left to remove.
  await reader.does(UNINSTALL, 'If the namespace is gone');
  await expectUninstalled();
  expect(await claims()).toBe(held);
  await scene.createService('meanwhile');
}, 120_000);

test('a Service whose address the user releases has none, and no mark of Skycap', async () => {
  const service = () => kubectl('get', 'service', 'web', '-o', 'yaml');
  expect(await service()).toMatch(/skycap\.io\/claim[\s\S]*ip: 198\.51\.100\./);
  await reader.does(UNINSTALL, 'The addresses of Services');
  const marks = (await service()).replace(/kubectl.kubernetes.io\/last-applied-configuration: \|\n.*\n/, '');
  expect(marks).not.toMatch(/skycap|198\.51\.100\./);
  await reader.shell('kubectl delete -f examples/service.yaml');
});

test('the definitions removed, too: the addresses stay', async () => {
  await reader.does(UNINSTALL, 'The definitions, too');
  expect(await kubectl('get', 'namespaces,crds', '-o', 'name')).not.toMatch(/skycap|kubesphere/);
  expect(await published()).toEqual(before);
}, 120_000);

test('installed by Helm and tested, each Service has its old address, and a later one another', async () => {
  await reader.does(INSTALL, 'Helm');
  for (const family of ['v4', 'v6'] as const) await scene.createEip(scene.eip[family], { address: POOLS[family] });
  const [address] = await scene.published('meanwhile', 1, 60_000);
  expect(await published()).toEqual(before);
  expect(Object.values(before).flat()).not.toContain(address);
  expect(await kubectl('get', 'eips,services', '-A', '-o', 'name')).not.toContain('skycap-test');
  await eventually(async () => !(await kubectl('get', 'clusterroles', '-o', 'name')).includes('skycap-test'), {
    what: 'the rights of the test gone',
    deadlineMs: 20_000,
  });
}, 150_000);

test('upgraded, with a changed definition, and back', async () => {
  await reader.does(UPGRADE, 'Before');
  const categories = () => kubectl('get', 'crd', EIPS_CRD, '-o', 'jsonpath={.spec.names.categories}');
  const file = join(reader.folder, 'manifests/crds/eips.yaml');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('categories: [networking]', 'categories: [networking, later]'));
  await reader.does(UPGRADE, 'Helm');
  expect(await categories()).toContain('later');
  await reader.does(UPGRADE, 'After');
  await reader.does(UPGRADE, 'Back');
  expect(await categories()).not.toContain('later');
  expect(await published()).toEqual(before);
}, 120_000);

test.each([INSTALL, UPGRADE, UNINSTALL])('each section of %s with commands is done', (page) => {
  expect(reader.undone(page)).toEqual([]);
});
