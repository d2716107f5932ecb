/**
 * Skycap is removed in each order, by each tool, and installed again in each order. The removal ends and leaves no webhook and no finalizer; each of fifty Services
 * keeps its address, and Services that are created while Skycap is being installed get others. At a real API server, with webhook and allocator as processes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from '../../../lib/api/service/service.ts';
import { NAMESPACES, SERVICES } from '../../../lib/kube/resource.ts';
import { startAllocator } from '../../support/allocator-daemon.ts';
import type { ComponentDaemon } from '../../support/component-daemon.ts';
import { eventually } from '../../support/eventually.ts';
import { eipsOfAllKinds, newcomers, servicesOfAllKinds } from '../../support/services-of-all-kinds.ts';
import { ROOT } from '../../unit/manifests/files.ts';
import { assigned, publishedBy } from '../allocator/harness.ts';
import { WebhookLab } from '../webhook/harness.ts';

const NAMESPACE = 'shop';
const ALL = `${ROOT}/manifests`;
const CRDS = `${ROOT}/manifests/crds`;
const BASE = `${ROOT}/manifests/base`;
const IN_SKYCAP = ['--namespace', 'skycap-system'];
/** The kinds of Skycap's objects outside of its namespace, but for the definitions. */
const WITHOUT_NAMESPACE = [
  ...['mutatingwebhookconfigurations', 'validatingwebhookconfigurations', 'validatingadmissionpolicies'],
  ...['validatingadmissionpolicybindings', 'clusterroles', 'clusterrolebindings'],
].join();
const ENDS_WITHIN = '--timeout=30s';
/** Pods end some seconds after their workloads are gone. */
const RUN_ON_MS = 2_000;
/** As long as the other component is late. */
const ALONE_MS = 3_000;

let lab: WebhookLab;
let allocator: ComponentDaemon | undefined;
let allocators = 0;
let before: Readonly<Record<string, string>>;

beforeAll(async () => {
  lab = await WebhookLab.start(1, { isReplaceable: true, controllerManager: true });
  await lab.client.create(NAMESPACES, { metadata: { name: NAMESPACE } });
  await startTheAllocator();
  await applyEips();
  await lab.untilInStep('eips');
  for (const service of servicesOfAllKinds(NAMESPACE)) await lab.client.create(SERVICES, service);
  before = await settled();
}, 180_000);
afterEach(removeNewcomers);
afterAll(async () => {
  await allocator?.daemon.kill();
  await lab?.[Symbol.asyncDispose]();
});

const kubectl = (...args: string[]) => lab.plane.kubectl(args);
const services = async () => (await lab.client.list(SERVICES, { namespace: NAMESPACE })).items;
const marksOf = ({ metadata: { annotations, labels }, status }: Service) =>
  JSON.stringify([status?.loadBalancer, annotations, labels]);
const marks = async () => (await services()).map((service) => `${service.metadata.name} ${marksOf(service)}`);

async function applyEips(): Promise<void> {
  await lab.apply({ apiVersion: 'v1', kind: 'List', items: eipsOfAllKinds() });
}

async function startTheAllocator(): Promise<void> {
  const { plane } = lab;
  const env = { SKYCAP_CLAIM_GRACE_SECONDS: '3' };
  allocator = await startAllocator({ plane, name: `allocator-${++allocators}`, folder: plane.dir, env });
}

/** As kubelet does once the pods are to go. */
async function stopProcesses(): Promise<void> {
  for (const webhook of lab.webhooks) webhook.isReady = false;
  await Promise.all([allocator?.daemon.kill('SIGTERM'), ...lab.webhooks.map(({ daemon }) => daemon.kill('SIGTERM'))]);
}

async function startWebhook(): Promise<void> {
  await lab.startWebhook();
  await lab.register();
}

/** Waits until each Service has its addresses. @returns name → addresses. */
async function settled(): Promise<Readonly<Record<string, string>>> {
  return eventually(
    async () => {
      const all = await services();
      const waiting = all.filter((one) => assigned(one)?.reason !== 'Assigned' || publishedBy(one) === '');
      expect(waiting.map((one) => [one.metadata.name, assigned(one)?.message])).toEqual([]);
      return Object.fromEntries(all.map((one) => [one.metadata.name, publishedBy(one)]));
    },
    { withinMs: 40_000, everyMs: 200 },
  );
}

type Step = readonly string[] | (() => Promise<unknown>);
/** Each removal with the order in which Skycap comes back, once the API server has its objects. */
const ROUNDS: readonly (readonly [string, readonly Step[], string, readonly Step[]])[] = [
  [
    'everything at once',
    [['delete', '-k', ALL]],
    'the Eips first, then webhook and allocator',
    [applyEips, startWebhook, createNewcomers, startTheAllocator],
  ],
  [
    'the definitions first',
    [
      ['delete', '-k', CRDS],
      ['delete', '-k', BASE],
    ],
    'the components before the Eips, which come one by one',
    [startTheAllocator, startWebhook, createNewcomers, applyEipsSlowly],
  ],
  [
    'the namespace first',
    [
      ['delete', 'namespace', 'skycap-system'],
      // As docs/uninstall.md says.
      ['delete', '--selector', 'app.kubernetes.io/part-of=skycap', WITHOUT_NAMESPACE],
      ['delete', '-k', CRDS],
    ],
    'the webhook alone, for a while',
    [startWebhook, applyEips, createNewcomers, () => sleep(ALONE_MS), startTheAllocator],
  ],
  [
    'the Eips first, which is refused until the workloads are gone',
    [
      () => expect(kubectl('delete', 'eips', '--all')).rejects.toThrow(/skycap.io\/release-addresses/),
      ['delete', 'deployments,daemonsets', '--all', ...IN_SKYCAP],
      stopProcesses,
      ['delete', 'eips', '--all'],
      ['delete', '-k', ALL, '--ignore-not-found'],
    ],
    'the allocator alone, for a while',
    [startTheAllocator, createNewcomers, applyEips, () => sleep(ALONE_MS), startWebhook],
  ],
];

async function createNewcomers(): Promise<void> {
  await Promise.all(newcomers(NAMESPACE).map((service) => lab.client.create(SERVICES, service)));
}

async function applyEipsSlowly(): Promise<void> {
  for (const eip of eipsOfAllKinds().toReversed()) {
    await lab.apply(eip);
    await sleep(500);
  }
}

async function take(steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    if (typeof step === 'function') await step();
    else await kubectl(...step, ENDS_WITHIN);
  }
}

async function remove(steps: readonly Step[]): Promise<void> {
  await take(steps);
  await sleep(RUN_ON_MS);
  await stopProcesses();
}

/** Whatever is left in the cluster outside of the Services. */
async function leftOver(): Promise<readonly string[]> {
  const names = await kubectl('get', `${WITHOUT_NAMESPACE},namespaces,crds`, '-o', 'name');
  return names.split('\n').filter((name) => /skycap|kubesphere/.test(name));
}

async function isAsBefore(): Promise<void> {
  expect((await services()).flatMap(({ metadata }) => metadata.finalizers ?? [])).toEqual([]);
  expect(await addressesOfThoseBefore()).toEqual(before);
}

async function addressesOfThoseBefore(): Promise<Readonly<Record<string, string>>> {
  const known = (await services()).filter(({ metadata }) => metadata.name! in before);
  return Object.fromEntries(known.map((one) => [one.metadata.name, publishedBy(one)]));
}

async function removeNewcomers(): Promise<void> {
  const later = (await services()).filter(({ metadata }) => !(metadata.name! in before));
  for (const { metadata } of later) await lab.client.delete(SERVICES, { namespace: NAMESPACE, name: metadata.name! });
}

/** Newcomers have addresses of their own, and go again. */
async function judgeNewcomers(now: Readonly<Record<string, string>>): Promise<void> {
  const later = Object.keys(now).filter((name) => !(name in before));
  expect(later).toHaveLength(newcomers(NAMESPACE).length);
  const taken = new Set(Object.values(before).flatMap((list) => list.split(',')));
  expect(later.filter((name) => now[name]!.split(',').some((address) => taken.has(address)))).toEqual([]);
  await removeNewcomers();
  await eventually(async () => expect((await lab.claims()).length).toBe(taken.size), { withinMs: 20_000 });
}

test.each(ROUNDS.map(([removal, steps, installation, rest]) => [removal, installation, steps, rest] as const))(
  'removed: %s; installed again: %s',
  async (_, __, removal, installation) => {
    const marked = await marks();
    await remove(removal);
    expect(await leftOver()).toEqual([]);
    expect(await marks()).toEqual(marked);
    await isAsBefore();
    await kubectl('apply', '-k', ALL);
    await kubectl('wait', '--for=condition=Established', 'crd', '--all', ENDS_WITHIN);
    await take(installation);
    const now = await settled();
    await isAsBefore();
    await judgeNewcomers(now);
  },
  180_000,
);
