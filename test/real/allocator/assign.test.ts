/** The allocator alone, without a webhook, at a real API server: who gets which address, what stands on the Service, and what frees it. */
import { SERVICES } from '../../../lib/kube/resource.ts';
import { AllocatorLab, assigned, eventually, publishedBy, type Replica, refOf } from './harness.ts';

let lab: AllocatorLab;
let replica: Replica;

beforeAll(async () => {
  lab = await AllocatorLab.start();
  replica = await lab.replica();
}, 180_000);
afterAll(() => lab?.[Symbol.asyncDispose]());

test('a Service gets address, label, condition and an Event; its claim is bound; the Eip accounts for it', async () => {
  await lab.pool('plain', '198.51.100.0/30');
  const { metadata } = await lab.create('plain/web');
  const service = await lab.published('plain/web', '198.51.100.0');
  expect(service.status?.loadBalancer?.ingress).toEqual([{ ip: '198.51.100.0', ipMode: 'VIP' }]);
  expect(service.metadata.labels).toEqual({ 'eip.openelb.kubesphere.io/v1alpha2': 'plain' });
  expect(service.metadata.annotations).toMatchObject({ 'skycap.io/addresses': '198.51.100.0' });
  expect(assigned(service)).toMatchObject({
    status: 'True',
    reason: 'Assigned',
    message: '198.51.100.0 from Eip plain',
  });
  const claim = await lab.claim('198.51.100.0');
  expect(claim?.spec.holders).toMatchObject([
    { namespace: 'plain', name: 'web', uid: metadata.uid, token: service.metadata.annotations?.['skycap.io/claim'] },
  ]);
  await eventually(async () => {
    expect(await lab.eipStatus('plain')).toMatchObject({
      firstIP: '198.51.100.0',
      lastIP: '198.51.100.3',
      poolSize: 4,
      usage: 1,
      used: { '198.51.100.0': 'plain/web' },
      occupied: false,
      ready: true,
      v4: true,
    });
    expect(await lab.plane.kubectl(['get', 'events', '-n', 'plain', '--no-headers'])).toMatch(
      /Normal +AssignIP +service\/web +assigned 198\.51\.100\.0 from Eip plain/,
    );
  });
});

test('a status subresource patch carries metadata and status in one request: one write a Service, and one claim', async () => {
  await replica.idle();
  const before = await replica.writes();
  await lab.create('plain/second');
  await lab.published('plain/second', '198.51.100.1');
  await replica.idle();
  const after = await replica.writes();
  const count = (kind: string): number =>
    (after[`${kind} 200`] ?? after[`${kind} 201`] ?? 0) - (before[`${kind} 200`] ?? before[`${kind} 201`] ?? 0);
  expect({ claims: count('create eipclaims'), services: count('patch services'), eips: count('patch eips') }).toEqual({
    claims: 1,
    services: 1,
    eips: 1,
  });
});

test('Services that wait get what comes free in the order of their waiting, each told why it waits', async () => {
  await lab.pool('queue', '198.51.100.8/31');
  for (const name of ['a', 'b']) await lab.create(`queue/${name}`);
  await lab.published('queue/a', '198.51.100.8');
  await lab.published('queue/b', '198.51.100.9');
  for (const name of ['w5', 'w4', 'w3', 'w2', 'w1']) {
    await lab.create(`queue/${name}`);
    const waiting = await lab.published(`queue/${name}`, '');
    expect(assigned(waiting)).toMatchObject({
      reason: 'EipFull',
      message: expect.stringContaining('free one, or enlarge'),
    });
    expect(waiting.metadata.annotations?.['skycap.io/waiting-since']).toMatch(/Z$/);
    expect(waiting.metadata.labels).toBeUndefined();
  }
  await eventually(async () => {
    expect(await lab.plane.kubectl(['get', 'eip', 'queue', '--no-headers'])).toMatch(
      /^queue +198\.51\.100\.8\/31 +2 +2 +5 +false +EipFull /,
    );
    expect((await lab.eipStatus('queue')).conditions?.find(({ type }) => type === 'Ready')?.message).toMatch(
      /^every address is in use, and 5 Services wait for one;/,
    );
  });
  await lab.remove('queue/a');
  const first = await lab.published('queue/w5', '198.51.100.8');
  expect(first.metadata.annotations).not.toHaveProperty(['skycap.io/waiting-since']);
  await lab.remove('queue/b');
  await lab.published('queue/w4', '198.51.100.9');
  for (const name of ['w3', 'w2', 'w1']) expect(publishedBy(await lab.service(`queue/${name}`))).toBe('');
  await eventually(async () => expect(await lab.eipStatus('queue')).toMatchObject({ waiting: 3, ready: false }));
  for (const name of ['w3', 'w2', 'w1']) await lab.remove(`queue/${name}`);
  await eventually(async () => expect(await lab.eipStatus('queue')).toMatchObject({ waiting: 0, ready: false }));
  await lab.remove('queue/w4');
  await eventually(async () => expect(await lab.eipStatus('queue')).toMatchObject({ waiting: 0, ready: true }));
});

test.each([
  ['the Service is deleted', (key: string) => lab.remove(key)],
  ['its type changes', (key: string) => lab.patch(key, { spec: { type: 'ClusterIP' } })],
  [
    'its annotation is removed',
    (key: string) => lab.patch(key, { metadata: { annotations: { 'lb.kubesphere.io/v1alpha1': null } } }),
  ],
  ['all its annotations are removed', (key: string) => lab.patch(key, { metadata: { annotations: null } })],
  [
    'annotation and type are removed, and then the Service',
    async (key: string) => {
      await lab.patch(key, { metadata: { annotations: null }, spec: { type: 'ClusterIP' } });
      await lab.remove(key);
    },
  ],
])('the address is free when %s', async (what, act) => {
  const namespace = `free-${what.length}`;
  const address = `203.0.113.${what.length}`;
  await lab.pool(namespace, address);
  await lab.create(`${namespace}/web`);
  await lab.published(`${namespace}/web`, address);
  await act(`${namespace}/web`);
  await eventually(async () => expect(await lab.claims(namespace)).toEqual({}));
  const left = (await lab.admin.list(SERVICES, { namespace })).items[0];
  if (left) {
    const service = await eventually(async () => {
      const now = await lab.service(`${namespace}/web`);
      expect([publishedBy(now), assigned(now), now.metadata.labels]).toEqual(['', undefined, undefined]);
      return now;
    });
    expect(JSON.stringify(service.metadata.annotations ?? {})).not.toContain('skycap.io/');
  }
  await eventually(async () =>
    expect(await lab.eipStatus(namespace)).toMatchObject({ usage: 0, used: {}, occupied: false }),
  );
});

test('a Service of another class or annotation is never touched', async () => {
  await lab.create('plain/other', { 'lb.kubesphere.io/v1alpha1': 'metallb' });
  await lab.create('plain/class', { 'lb.kubesphere.io/v1alpha1': '' }, { loadBalancerClass: 'example.com/lb' });
  await replica.idle();
  for (const name of ['other', 'class']) {
    const service = await lab.service(`plain/${name}`);
    expect([publishedBy(service), assigned(service), service.metadata.labels]).toEqual(['', undefined, undefined]);
  }
});

test('with dual stack there is one address a family; PreferDualStack is content with one, RequireDualStack is not', async () => {
  await lab.pool('dual', '198.51.100.16/28');
  await lab.create('dual/prefer', {}, { ipFamilyPolicy: 'PreferDualStack' });
  const lacking = await lab.published('dual/prefer', '198.51.100.16');
  expect(assigned(lacking)).toMatchObject({ reason: 'Assigned', message: expect.stringContaining('IPv6') });
  await lab.create('dual/require', {}, { ipFamilyPolicy: 'RequireDualStack' });
  await lab.reason('dual/require', 'EipFamilyMismatch');
  await lab.eip('dual6', '2001:db8::/64', { namespaces: ['dual'] });
  await lab.published('dual/require', '198.51.100.17,2001:db8::');
  await lab.published('dual/prefer', '198.51.100.16,2001:db8::1');
  expect(await lab.eipStatus('dual6')).toMatchObject({ poolSize: Number.MAX_SAFE_INTEGER, v4: false });
  expect(await lab.claim('2001-0db8-0000-0000-0000-0000-0000-0001')).toBeDefined();
});

test('Services share an address by the same key and different ports; one more port that clashes moves nobody, and is said', async () => {
  await lab.pool('shared', '198.51.100.32/30');
  const key = { 'skycap.io/sharing-key': 'one' };
  await lab.create('shared/a', key, { ports: [{ name: 'a', port: 80 }] });
  await lab.published('shared/a', '198.51.100.32');
  await lab.create('shared/b', key, { ports: [{ name: 'b', port: 81 }] });
  await lab.published('shared/b', '198.51.100.32');
  await eventually(async () =>
    expect(await lab.eipStatus('shared')).toMatchObject({ usage: 1, used: { '198.51.100.32': 'shared/a;shared/b' } }),
  );
  await lab.create('shared/clash', key, { ports: [{ name: 'c', port: 80 }] });
  await lab.published('shared/clash', '198.51.100.33');
  await lab.patch('shared/b', {
    spec: {
      ports: [
        { name: 'b', port: 81 },
        { name: 'also', port: 80 },
      ],
    },
  });
  for (const name of ['a', 'b']) {
    const service = await lab.reason(`shared/${name}`, 'KeepsFormerAddress');
    expect(publishedBy(service)).toBe('198.51.100.32');
    expect(assigned(service)?.message).toContain(`Service shared/${name === 'a' ? 'b' : 'a'} uses port 80/TCP of it`);
  }
  await lab.patch('shared/b', { spec: { ports: [{ name: 'b', port: 81 }] } });
  for (const name of ['a', 'b'])
    expect(publishedBy(await lab.reason(`shared/${name}`, 'Assigned'))).toBe('198.51.100.32');
});

test('a request that cannot be fulfilled keeps the address that the Service has', async () => {
  await lab.pool('keep', '198.51.100.40/31');
  await lab.create('keep/a');
  await lab.published('keep/a', '198.51.100.40');
  await lab.create('keep/b');
  await lab.published('keep/b', '198.51.100.41');
  await lab.patch('keep/b', { metadata: { annotations: { 'eip.openelb.kubesphere.io/v1alpha1': '198.51.100.40' } } });
  const kept = await lab.reason('keep/b', 'KeepsFormerAddress');
  expect(publishedBy(kept)).toBe('198.51.100.41');
  expect(assigned(kept)).toMatchObject({ status: 'True', message: expect.stringContaining('Service keep/a has it') });
  await lab.remove('keep/a');
  await lab.published('keep/b', '198.51.100.40');
  await eventually(async () => expect(await lab.claims('keep')).toEqual({ '198.51.100.40': 'keep/b' }));
});

test('a Service with a malformed request waits with a sentence that says what to write; what it has, it keeps', async () => {
  await lab.pool('bad', '198.51.100.48/30');
  await lab.create('bad/new', { 'eip.openelb.kubesphere.io/v1alpha1': '10.0.0.300' });
  const refused = await lab.reason('bad/new', 'InvalidRequest');
  expect(assigned(refused)?.message).toContain('"10.0.0.300" is not an IP address; write a whole one');
  await lab.create('bad/old');
  await lab.published('bad/old', '198.51.100.48');
  await lab.patch('bad/old', { metadata: { annotations: { 'eip.openelb.kubesphere.io/v1alpha1': 'nonsense' } } });
  const kept = await lab.reason('bad/old', 'KeepsFormerAddress');
  expect(publishedBy(kept)).toBe('198.51.100.48');
});

test('a default Eip takes unmarked Services; they keep their address when it is the default no more', async () => {
  await lab.namespace('unmarked');
  await lab.admin.create(SERVICES, {
    metadata: { namespace: 'unmarked', name: 'web' },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
  });
  await lab.eip(
    'fallback',
    '198.51.100.56/30',
    {},
    { annotations: { 'eip.openelb.kubesphere.io/is-default-eip': 'true' } },
  );
  const given = await eventually(async () => {
    const address = publishedBy(await lab.service('unmarked/web'));
    expect(address).toMatch(/^198\.51\.100\.5[6-9]$/);
    return address;
  });
  await lab.plane.kubectl(['annotate', 'eip', 'fallback', 'eip.openelb.kubesphere.io/is-default-eip-']);
  await replica.idle();
  expect(publishedBy(await lab.service('unmarked/web'))).toBe(given);
  await lab.remove('unmarked/web');
  await lab.plane.kubectl(['delete', 'eip', 'fallback']);
});

test('finalizers that OpenELB left are removed, from living objects and from those that hang in deletion', async () => {
  const finalizers = ['finalizer.lb.kubesphere.io/v1alpha1'];
  await lab.namespace('left');
  await lab.eip(
    'left',
    '198.51.100.64/30',
    { namespaces: ['left'] },
    { finalizers: ['finalizer.ipam.kubesphere.io/v1alpha1', 'example.com/other'] },
  );
  await lab.create('left/web', {}, {}, { finalizers });
  await lab.create(
    'left/foreign',
    { 'lb.kubesphere.io/v1alpha1': 'other' },
    {},
    { finalizers: [...finalizers, 'example.com/other'] },
  );
  await lab.published('left/web', '198.51.100.64');
  await eventually(async () => {
    expect((await lab.service('left/web')).metadata.finalizers).toBeUndefined();
    expect((await lab.service('left/foreign')).metadata.finalizers).toEqual(['example.com/other']);
    expect(await lab.plane.kubectl(['get', 'eip', 'left', '-o', 'jsonpath={.metadata.finalizers}'])).toBe(
      '["example.com/other"]',
    );
  });
  // One that is deleted while nobody runs, and hangs.
  await lab.stop(replica);
  await lab.patch('left/web', { metadata: { finalizers } });
  await lab.remove('left/web');
  expect((await lab.service('left/web')).metadata.deletionTimestamp).toBeDefined();
  replica = await lab.replica();
  await eventually(async () => {
    await expect(lab.admin.get(SERVICES, refOf('left/web'))).rejects.toThrow('not found');
    expect(await lab.claims('left')).toEqual({});
  });
});
