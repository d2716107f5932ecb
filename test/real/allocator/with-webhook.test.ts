/** Allocator and webhooks together at a real API server: what the one has done, the other accepts; neither undoes the other's work. */
import type { Service } from '../../../lib/api/service/service.ts';
import { LEADER_TIMING } from '../../../lib/kube/election/leader-step.ts';
import { EIP_CLAIMS, EIPS, SERVICES } from '../../../lib/kube/resource.ts';
import { WebhookLab } from '../webhook/harness.ts';
import { assigned, eventually, publishedBy, Replica, serviceObject } from './harness.ts';
import { measureLatency } from './latency.ts';

/** Longer than the slowest creation takes on a busy machine. */
const GRACE_SECONDS = 6;

let lab: WebhookLab;
let replica: Replica;

beforeAll(async () => {
  lab = await WebhookLab.start(2);
  replica = new Replica(lab.plane, 'allocator-0', LEADER_TIMING, GRACE_SECONDS);
  await eventually(async () => expect(await replica.isLeading()).toBe(true));
}, 180_000);
afterAll(async () => {
  await replica?.stop();
  await lab?.[Symbol.asyncDispose]();
});

const create = (service: Service): Promise<Service> => lab.client.create(SERVICES, service);
const read = (name: string): Promise<Service> => lab.client.get(SERVICES, { namespace: 'default', name });
const patch = (name: string, body: unknown): Promise<Service> =>
  lab.client.patch(SERVICES, { namespace: 'default', name }, body, { type: 'merge' });
const all = async (prefix: string): Promise<readonly Service[]> =>
  (await lab.client.list(SERVICES, { namespace: 'default' })).items.filter(({ metadata }) =>
    metadata.name?.startsWith(prefix),
  );

async function holdersIn(eip: string): Promise<Map<string, string>> {
  const { items } = await lab.client.list(EIP_CLAIMS);
  const entries = items
    .filter(({ spec }) => spec.eip === eip)
    .flatMap(({ spec }) => spec.holders.map((holder) => [holder, spec.address] as const));
  return new Map(entries.map(([{ name = '?' }, address]) => [name, address]));
}

test('80 creations over 40 addresses: each address once, and the ten longest-waiting get what ten deletions free', async () => {
  await lab.eip('forty', '10.2.0.0-10.2.0.39');
  const annotations = { 'eip.openelb.kubesphere.io/v1alpha2': 'forty' };
  const names = Array.from({ length: 80 }, (_, i) => `many-${i}`);
  const promised = new Map<string, string>();
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      for (let name = names.shift(); name; name = names.shift()) {
        const { metadata } = await create(serviceObject(`default/${name}`, annotations));
        promised.set(name, metadata.annotations?.['skycap.io/addresses'] ?? '');
      }
    }),
  );
  const services = await eventually(async () => {
    const now = await all('many-');
    expect(now.filter((service) => assigned(service) === undefined)).toEqual([]);
    return now;
  }, 20_000);
  const given = services.filter((service) => publishedBy(service) !== '');
  expect(new Set(given.map(publishedBy)).size).toBe(40);
  // What the create call answered is what is published. (On a busy machine the API server may give up on a webhook.)
  for (const service of given) {
    const address = promised.get(service.metadata.name ?? '');
    if (address !== '')
      expect(`${service.metadata.name} ${publishedBy(service)}`).toBe(`${service.metadata.name} ${address}`);
  }
  const since = ({ metadata }: Service): string => metadata.annotations?.['skycap.io/waiting-since'] ?? '';
  const waiting = services
    .filter((service) => publishedBy(service) === '')
    .sort((a, b) => (since(a) < since(b) ? -1 : 1));
  expect(waiting).toHaveLength(40);
  await Promise.all(
    given
      .slice(0, 10)
      .map(({ metadata }) => lab.client.delete(SERVICES, { namespace: 'default', name: metadata.name ?? '' })),
  );
  await eventually(async () => {
    const lucky = (await all('many-')).filter(
      (service) =>
        publishedBy(service) !== '' && waiting.some(({ metadata }) => metadata.name === service.metadata.name),
    );
    expect(lucky.map(({ metadata }) => metadata.name).sort()).toEqual(
      waiting
        .slice(0, 10)
        .map(({ metadata }) => metadata.name)
        .sort(),
    );
  }, 20_000);
  await replica.idle();
  const holders = await holdersIn('forty');
  expect(holders.size).toBe(40);
}, 60_000);

test('a Service that admission served needs one write, for its status, and two passes', async () => {
  await lab.eip('quick', '10.3.0.0/24');
  await replica.idle();
  const before = await replica.writes();
  const passesBefore = await replica.passes();
  const { metadata } = await create(serviceObject('default/quick', { 'eip.openelb.kubesphere.io/v1alpha2': 'quick' }));
  await eventually(async () =>
    expect(publishedBy(await read('quick'))).toBe(metadata.annotations?.['skycap.io/addresses']),
  );
  await replica.idle();
  const after = await replica.writes();
  const counts = Object.fromEntries(
    Object.entries(after).flatMap(([kind, count]) =>
      count === before[kind] ? [] : [[kind, count - (before[kind] ?? 0)]],
    ),
  );
  expect(counts).toEqual({ 'patch services 200': 1, 'patch eips 200': 1 });
  expect((await replica.passes()) - passesBefore).toBe(2);
});

test('the claim of a young Service goes with it, also where another allocator leads by then', async () => {
  await lab.eip('brief', '10.3.2.0/31');
  for (const isTakenOver of [false, true]) {
    const { metadata } = await create(
      serviceObject('default/brief', { 'eip.openelb.kubesphere.io/v1alpha2': 'brief' }),
    );
    await eventually(async () => expect(publishedBy(await read('brief'))).toBe('10.3.2.0'));
    expect([...(await holdersIn('brief')).keys()]).toEqual(['brief']);
    if (isTakenOver) {
      await replica.stop();
      replica = new Replica(lab.plane, 'allocator-next', LEADER_TIMING, GRACE_SECONDS);
      await eventually(async () => expect(await replica.isLeading()).toBe(true), 30_000);
    }
    await lab.client.delete(SERVICES, { namespace: 'default', name: 'brief' }, { uid: metadata.uid ?? '' });
    await eventually(async () => expect((await holdersIn('brief')).size).toBe(0), 2_500);
  }
}, 60_000);

test('create → status with the webhook; the figures', async () => {
  const latency = await measureLatency(lab.client, 'default', 40, { 'eip.openelb.kubesphere.io/v1alpha2': 'quick' });
  console.info('create → status, two webhooks:', latency);
  expect(latency.statusP50Ms).toBeLessThan(200);
});

test('updates through the webhook: ports of a shared address, another Eip, annotations dropped, the annotation removed', async () => {
  await lab.eip('one', '10.4.0.0/30');
  await lab.eip('two', '10.4.0.4/30');
  const shared = { 'eip.openelb.kubesphere.io/v1alpha2': 'one', 'skycap.io/sharing-key': 'k' };
  await create(serviceObject('default/up-a', shared, { ports: [{ port: 80 }] }));
  await create(serviceObject('default/up-b', shared, { ports: [{ port: 81 }] }));
  await eventually(async () =>
    expect([publishedBy(await read('up-a')), publishedBy(await read('up-b'))]).toEqual(['10.4.0.0', '10.4.0.0']),
  );
  await patch('up-b', { spec: { ports: [{ port: 82 }] } });
  await eventually(async () => {
    const claim = await lab.client.get(EIP_CLAIMS, { name: '10.4.0.0' });
    expect(claim.spec.holders.find(({ name }) => name === 'up-b')?.ports).toEqual([{ port: 82, protocol: 'TCP' }]);
  });
  const moved = await patch('up-b', {
    metadata: { annotations: { 'eip.openelb.kubesphere.io/v1alpha2': 'two', 'skycap.io/sharing-key': null } },
  });
  expect(moved.metadata.annotations?.['skycap.io/addresses']).toBe('10.4.0.4');
  await eventually(async () => {
    expect(publishedBy(await read('up-b'))).toBe('10.4.0.4');
    expect([...(await holdersIn('one')).keys()]).toEqual(['up-a']);
  });
  // The allocator takes back what up-a said of up-b.
  await replica.idle();
  const plain = await read('up-a');
  await lab.client.replace(SERVICES, {
    ...plain,
    metadata: {
      name: 'up-a',
      namespace: 'default',
      resourceVersion: plain.metadata.resourceVersion!,
      annotations: { 'lb.kubesphere.io/v1alpha1': 'openelb', ...shared },
    },
  });
  await replica.idle();
  expect([publishedBy(await read('up-a')), (await read('up-a')).metadata.annotations?.['skycap.io/addresses']]).toEqual(
    ['10.4.0.0', '10.4.0.0'],
  );

  await patch('up-a', { metadata: { annotations: { 'lb.kubesphere.io/v1alpha1': null } } });
  await eventually(async () => {
    const left = await read('up-a');
    expect([publishedBy(left), assigned(left), JSON.stringify(left.metadata.labels ?? {})]).toEqual([
      '',
      undefined,
      '{}',
    ]);
    expect((await holdersIn('one')).size).toBe(0);
  });
});

test('a Service taken from Skycap loses its address, though claim and Eip tell of it no more', async () => {
  await lab.eip('moving', '10.6.0.0/30');
  const eip = 'eip.openelb.kubesphere.io/v1alpha2';
  const address = 'eip.openelb.kubesphere.io/v1alpha1';
  await create(serviceObject('default/taken', { [eip]: 'moving', [address]: '10.6.0.1' }));
  await eventually(async () => expect(publishedBy(await read('taken'))).toBe('10.6.0.1'));
  await replica.idle();
  await replica.stop();
  await lab.client.delete(EIP_CLAIMS, { name: '10.6.0.1' });
  await lab.untilInStep('eipclaims');
  await lab.client.patch(EIPS, { name: 'moving' }, { spec: { address: '10.6.0.8/30' } }, { type: 'merge' });
  replica = new Replica(lab.plane, 'allocator-1', LEADER_TIMING, GRACE_SECONDS);
  await eventually(async () => {
    const service = await read('taken');
    expect([publishedBy(service), assigned(service)?.reason]).toEqual(['10.6.0.1', 'EipInvalid']);
  });
  await patch('taken', { metadata: { annotations: { 'lb.kubesphere.io/v1alpha1': null } } });
  await eventually(async () => {
    const left = await read('taken');
    expect([publishedBy(left), assigned(left), left.metadata.annotations?.['skycap.io/addresses']]).toEqual([
      '',
      undefined,
      undefined,
    ]);
  });
});

test('creations that are rejected after admission cost no address for longer than the grace period', async () => {
  await lab.eip('small', '10.5.0.0/28');
  await lab.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'limited' } });
  const policy = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name: 'none-in-limited' } };
  const resourceRules = [{ apiGroups: [''], apiVersions: ['v1'], resources: ['services'], operations: ['CREATE'] }];
  const validations = [{ expression: "object.metadata.namespace != 'limited'", message: 'not here' }];
  await lab.apply({
    ...policy,
    kind: 'ValidatingAdmissionPolicy',
    spec: { failurePolicy: 'Fail', matchConstraints: { resourceRules }, validations },
  });
  await lab.apply({
    ...policy,
    kind: 'ValidatingAdmissionPolicyBinding',
    spec: { policyName: 'none-in-limited', validationActions: ['Deny'] },
  });
  const annotations = { 'eip.openelb.kubesphere.io/v1alpha2': 'small' };
  await eventually(async () => {
    const probe = lab.client.create(SERVICES, serviceObject('limited/probe', annotations), { dryRun: true });
    await expect(probe).rejects.toThrow('not here');
  });
  const rejected = await Promise.allSettled(
    Array.from({ length: 30 }, (_, i) =>
      create(serviceObject(i % 2 === 0 ? `limited/web-${i}` : 'limited/web-', annotations)),
    ),
  );
  expect(rejected.filter(({ status }) => status !== 'rejected')).toEqual([]);
  // The pool is full of them now.
  expect((await create(serviceObject('default/after', annotations))).metadata.annotations).toHaveProperty([
    'skycap.io/waiting-since',
  ]);
  await eventually(async () => expect(publishedBy(await read('after'))).toMatch(/^10\.5\.0\./), 20_000);
  await eventually(async () => expect([...(await holdersIn('small')).keys()]).toEqual(['after']), 20_000);
});
