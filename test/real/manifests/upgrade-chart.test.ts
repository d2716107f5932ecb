/** The chart of the last release, upgraded by Helm as docs/upgrade.md says, and rolled back: values that the administrator has set are kept. At a real API server. */
import { formerFolder, LAST_RELEASE } from '../../lab/former-release.ts';
import { CHART, helm, tryHelm } from '../../manifests/helm.ts';
import { ControlPlane } from '../../support/control-plane.ts';
import { readCrds } from '../../unit/manifests/files.ts';

const IN_SKYCAP = ['--namespace', 'skycap-system'];

let plane: ControlPlane;
let env: { readonly KUBECONFIG: string };

beforeAll(async () => {
  plane = await ControlPlane.start();
  env = { KUBECONFIG: await plane.kubeconfigFile() };
}, 90_000);
afterAll(() => plane?.[Symbol.asyncDispose]());

const logLevel = () =>
  plane.kubectl(['get', 'configmaps', ...IN_SKYCAP, '-o', 'jsonpath={.items[*].data.SKYCAP_LOG_LEVEL}']);
const crds = async () => (await plane.kubectl(['get', 'crds', '-o', 'name'])).trim().split('\n').length;

test('an upgrade of the chart keeps the values, and so does the way back', async () => {
  const former = `${await formerFolder(LAST_RELEASE)}/manifests/chart`;
  await helm(['install', 'skycap', former, ...IN_SKYCAP, '--create-namespace', '--set', 'logLevel=debug'], env);
  const upgrade = ['upgrade', 'skycap', CHART, ...IN_SKYCAP];
  await helm([...upgrade, '--reset-then-reuse-values'], env);
  const definitions = Object.keys(readCrds()).length;
  expect([await logLevel(), await crds()]).toEqual(['debug', definitions]);
  await helm(['rollback', 'skycap', ...IN_SKYCAP], env);
  // A definition that is new stays, with its objects.
  expect([await logLevel(), await crds()]).toEqual(['debug', definitions]);
  await helm([...upgrade, '--reset-then-reuse-values'], env);
  expect((await tryHelm(['uninstall', 'skycap', ...IN_SKYCAP], env)).code).toBe(0);
  expect(await crds()).toBe(definitions);
}, 120_000);
