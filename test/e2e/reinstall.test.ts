/**
 * Skycap is removed with its definitions, by `kubectl delete -k`, and installed again: fifty Services of all kinds have the addresses that they had, and a client
 * reaches each of them as before. `test/real/manifests/reinstall.test.ts` has the other orders.
 */
import { isIPv6 } from 'node:net';
import type { Service } from '../../lib/api/service/service.ts';
import { ClientStream } from '../lab/client-stream.ts';
import { type Examples, readExamples, waitForSessions } from '../lab/demo.ts';
import { LAB_OVERLAY, SKYCAP_NAMESPACE, waitForSkycap } from '../lab/install.ts';
import { Lab } from '../lab/lab.ts';
import { eventually } from '../lab/poll.ts';
import { eipsOfAllKinds, newcomers, servicesOfAllKinds } from '../support/services-of-all-kinds.ts';
import { deployBackends } from './support/backends.ts';
import { urlAt } from './support/layer2.ts';
import { type LabService, publishedOf } from './support/scene.ts';

const NAMESPACE = 'reinstall';
const SERVICES = `/api/v1/namespaces/${NAMESPACE}/services`;
const EIPS = '/apis/network.kubesphere.io/v1alpha2/eips';

type Published = Readonly<Record<string, readonly string[]>>;

let lab: Lab;
let examples: Examples;
let before: Published;

beforeAll(async () => {
  lab = await Lab.attach();
  examples = await readExamples(lab);
  await lab.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  await lab.apply(...examples.configuration, ...eipsOfAllKinds());
  await deployBackends(lab, examples, { namespace: NAMESPACE, name: 'backend', replicas: 3, nodeSelector: {} });
  await waitForSessions(lab);
  await create(servicesOfAllKinds(NAMESPACE));
  before = await published(servicesOfAllKinds(NAMESPACE).length);
  await allAnswer();
}, 120_000);

afterAll(async () => {
  // Whatever failed, the next file finds Skycap.
  await lab.kubectl(['apply', '-k', LAB_OVERLAY]);
  await waitForSkycap(lab);
  const names = (await services()).map(({ metadata }) => metadata.name);
  await Promise.all(names.map((name) => lab.api.delete(`${SERVICES}/${name}`)));
  await lab.api.delete(`/api/v1/namespaces/${NAMESPACE}`);
  const annotations = { 'skycap.io/release-addresses': 'true' };
  for (const { metadata } of eipsOfAllKinds()) {
    await lab.api.patch(`${EIPS}/${metadata.name}`, { metadata: { annotations } }).catch(() => undefined);
    await lab.api.delete(`${EIPS}/${metadata.name}`).catch(() => undefined);
  }
  await lab.detach();
}, 120_000);

const services = async () => (await lab.api.get<{ items: LabService[] }>(SERVICES)).items;
const create = (all: readonly Service[]) => Promise.all(all.map((service) => lab.api.create(SERVICES, service)));

/** Waits until that many Services have an address. @returns name → addresses. */
async function published(count: number): Promise<Published> {
  return eventually(
    async () => {
      const all = (await services()).filter((service) => publishedOf(service).length > 0);
      return all.length === count && Object.fromEntries(all.map((one) => [one.metadata.name, publishedOf(one)]));
    },
    { what: `${count} Services with addresses`, deadlineMs: 40_000, intervalMs: 200 },
  );
}

/** Waits until the client behind the router has an answer from each address, at the port of each Service. */
async function allAnswer(): Promise<void> {
  // Services with one sharing key that are created at the same time may have an address each.
  const urls = (await services()).flatMap((service) =>
    publishedOf(service).map((address) => urlAt(address, service.spec?.ports?.[0]?.port ?? 80)),
  );
  await eventually(
    async () => {
      await using client = new ClientStream(lab.client, { urls, everyMs: 500, timeoutMs: 2_000 });
      await new Promise((resolve) => setTimeout(resolve, 300));
      const { answered, failures } = await client.end();
      if (failures.length > 0) throw new Error(failures.map(({ url, error }) => `${url}: ${error}`).join());
      return answered >= urls.length;
    },
    { what: `answers from ${urls.length} addresses and ports`, deadlineMs: 60_000, intervalMs: 500 },
  );
}

test('each of fifty Services keeps its address through the removal, and answers again afterwards', async () => {
  expect(Object.values(before).flat().filter(isIPv6).length).toBeGreaterThan(10);
  await lab.kubectl(['delete', '-k', LAB_OVERLAY, '--timeout=60s'], { timeoutMs: 90_000 });
  expect(await published(Object.keys(before).length)).toEqual(before);
  const kinds = 'mutatingwebhookconfigurations,validatingwebhookconfigurations,crds,clusterroles,namespaces';
  expect(await lab.kubectl(['get', kinds, '-o', 'name'])).not.toMatch(/skycap|kubesphere/);
  await create(newcomers(NAMESPACE));

  await lab.kubectl(['apply', '-k', LAB_OVERLAY]);
  await lab.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=20s']);
  await lab.apply(...eipsOfAllKinds(), ...examples.configuration);
  await waitForSkycap(lab);
  const now = await published(Object.keys(before).length + newcomers(NAMESPACE).length);
  expect(now).toEqual(expect.objectContaining(before));
  const known = new Set(Object.values(before).flat());
  const later = Object.entries(now).filter(([name]) => !(name in before));
  expect(later.filter(([, addresses]) => addresses.some((address) => known.has(address)))).toEqual([]);
  await waitForSessions(lab);
  await allAnswer();
  const pods = await lab.kubectl(['-n', SKYCAP_NAMESPACE, 'get', 'pods', '--no-headers']);
  expect(pods.trim().split('\n')).toHaveLength(7);
}, 240_000);
