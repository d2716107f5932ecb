/**
 * Creations that fail after admission has given them an address: a full ResourceQuota, a policy that comes later, a client that is gone. What was claimed for
 * them is free again after the grace period, all of it: 200 such creations over a pool that a quarter of them would exhaust.
 */
import { request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from '../../../lib/api/service/service.ts';
import { LEADER_TIMING } from '../../../lib/kube/election/leader-step.ts';
import { EIP_CLAIMS, SERVICES } from '../../../lib/kube/resource.ts';
import { Api } from '../../lab/api.ts';
import { ADMIN } from '../../support/control-plane.ts';
import { History } from '../../support/history.ts';
import { Random } from '../../support/random.ts';
import { service, WebhookLab } from '../webhook/harness.ts';
import { eventually, publishedBy, Replica } from './harness.ts';

const POOL = { name: 'small', address: '10.7.0.0-10.7.0.47', size: 48 } as const;
/** Longer than a creation that is stored takes from its review to the watch, on a busy machine. */
const GRACE_SECONDS = 15;
const CREATIONS = 200;
const AT_A_TIME = 12;
const LIVING = 4;
const DENIED = 'skycap.test/denied';

let lab: WebhookLab;
let replica: Replica;
let history: History;
let open: AsyncDisposableStack;
let random: Random;

beforeAll(async () => {
  open = new AsyncDisposableStack();
  random = Random.fromEnvironment();
  lab = open.use(await WebhookLab.start(2, { controllerManager: true }));
  replica = new Replica(lab.plane, 'allocator-0', LEADER_TIMING, GRACE_SECONDS);
  open.defer(() => replica.stop());
  await eventually(async () => expect(await replica.isLeading()).toBe(true), 60_000);
  await lab.eip(POOL.name, POOL.address);
  const { url, caPem } = lab.plane;
  history = open.use(await History.start(open.use(new Api({ server: url, caPem, token: token() }))));
}, 180_000);
afterAll(() => open.disposeAsync(), 60_000);

const token = (): string => lab.plane.user(ADMIN).token;

function serviceIn(namespace: string, name: string, labels: Record<string, string> = {}): Service {
  const one = service(name, { 'eip.openelb.kubesphere.io/v1alpha2': POOL.name });
  // Every other one without a name of its own: then nothing but its token ties it to its claim.
  const named = name.endsWith('1') ? { generateName: `${name}-` } : { name };
  return { ...one, metadata: { ...named, namespace, labels, annotations: one.metadata.annotations ?? {} } };
}

/** No more LoadBalancers than there are. */
async function fullQuota(namespace: string): Promise<void> {
  await lab.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  await lab.apply({
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'full', namespace },
    spec: { hard: { 'services.loadbalancers': '0' } },
  });
  await eventually(async () => {
    const used = await lab.plane.kubectl([
      'get',
      'resourcequota',
      'full',
      '-n',
      namespace,
      '-o',
      'jsonpath={.status.used}',
    ]);
    expect(used).toContain('services.loadbalancers');
  }, 60_000);
}

/** A policy that validating admission asks, after us. */
async function denyLabelled(): Promise<void> {
  const metadata = { name: 'no-denied' };
  await lab.apply({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata,
    spec: {
      matchConstraints: {
        resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['services'], operations: ['CREATE'] }],
      },
      validations: [{ expression: `!has(object.metadata.labels) || !('${DENIED}' in object.metadata.labels)` }],
    },
  });
  await lab.apply({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata,
    spec: { policyName: metadata.name, validationActions: ['Deny'] },
  });
  await eventually(async () => {
    const probe = await lab.createService(serviceIn('default', 'probe', { [DENIED]: '' }), '?dryRun=All');
    expect(probe.status).toBe(422);
  }, 60_000);
}

/** Sends a creation and hangs up, somewhere on its way. @returns when it has. */
function createAndHangUp(one: Service, afterMs: number): Promise<void> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token()}`, 'content-type': 'application/json', connection: 'close' };
    const path = `/api/v1/namespaces/${one.metadata.namespace}/services`;
    const options = { host: '127.0.0.1', port: lab.plane.port, ca: lab.plane.caPem, agent: false, method: 'POST' };
    const sent = request({ ...options, path, headers }, (response) => void response.resume());
    sent.on('error', () => {});
    sent.on('close', () => resolve());
    sent.on('finish', () => void sleep(afterMs).then(() => sent.destroy()));
    sent.end(JSON.stringify(one));
  });
}

/** Some that live through all of it: uid → address. */
async function livingServices(): Promise<ReadonlyMap<string | undefined, string>> {
  for (let i = 0; i < LIVING; i++) await lab.createService(serviceIn('default', `living-${i}0`));
  return eventually(async () => {
    const services = await all();
    expect(services.map(publishedBy)).not.toContain('');
    expect(services).toHaveLength(LIVING);
    return new Map(services.map((one) => [one.metadata.uid, publishedBy(one)]));
  }, 60_000);
}

const all = async (): Promise<readonly Service[]> =>
  (await lab.client.list(SERVICES)).items.filter(({ spec }) => spec?.type === 'LoadBalancer');

async function claimed(): Promise<readonly string[]> {
  return (await lab.client.list(EIP_CLAIMS)).items.map(({ spec }) => spec.address).sort();
}

test(`${CREATIONS} creations that fail late, and afterwards the whole pool can be given`, async () => {
  await fullQuota('quota');
  await denyLabelled();
  const living = await livingServices();
  const answers = new Map<string, number>();
  const count = (what: string): void => void answers.set(what, (answers.get(what) ?? 0) + 1);
  let mostClaimed = 0;
  const creations = Array.from({ length: CREATIONS }, (_, i) => async (): Promise<void> => {
    const name = `s${i}`;
    if (i % 3 === 0) count(`quota ${(await lab.createService(serviceIn('quota', name))).status}`);
    else if (i % 3 === 1)
      count(`policy ${(await lab.createService(serviceIn('default', name, { [DENIED]: '' }))).status}`);
    else {
      await createAndHangUp(serviceIn('default', name), random.below(25));
      count('hung up');
    }
    if (i % 20 === 0) mostClaimed = Math.max(mostClaimed, (await claimed()).length);
  });
  await Promise.all(
    Array.from({ length: AT_A_TIME }, async () => {
      for (let next = creations.shift(); next; next = creations.shift()) await next();
    }),
  );
  expect([...answers.keys()].sort()).toEqual(['hung up', 'policy 422', 'quota 403']);
  // They did claim, and not each of them found an address.
  expect(mostClaimed).toBeGreaterThan(POOL.size / 2);

  const left = await eventually(
    async () => {
      const stored = await all();
      expect(stored.map(publishedBy).filter((address) => address === '')).toEqual([]);
      expect(await claimed()).toEqual(stored.map(publishedBy).sort());
      return stored;
    },
    GRACE_SECONDS * 1000 + 60_000,
  );
  const addresses = new Map(left.map((one) => [one.metadata.uid, publishedBy(one)]));
  for (const [uid, address] of living) expect(addresses.get(uid)).toBe(address);

  for (let i = left.length; i < POOL.size; i++) await lab.createService(serviceIn('default', `after-${i}0`));
  await eventually(async () => {
    const given = (await all()).map(publishedBy);
    expect(given).not.toContain('');
    expect(new Set(given).size).toBe(POOL.size);
  }, 60_000);
  expect(await history.violations()).toEqual([]);
  console.info(
    `${random}: ${JSON.stringify(Object.fromEntries(answers))}, ${left.length - LIVING} of those that hung up stored`,
  );
}, 400_000);
