/** What becomes of Services at a real API server when their Eip is deleted, made again, broken, shrunk or overlapped. */
import { EIPS } from '../../../lib/kube/resource.ts';
import { AllocatorLab, assigned, eventually, publishedBy, type Replica } from './harness.ts';

let lab: AllocatorLab;
let replica: Replica;

beforeAll(async () => {
  lab = await AllocatorLab.start();
  replica = await lab.replica();
}, 180_000);
afterAll(() => lab?.[Symbol.asyncDispose]());

const RELEASE = { metadata: { annotations: { 'skycap.io/release-addresses': 'true' } } };

test('Services stay with the addresses of an Eip that is deleted, say so, and have them as before when it is made again', async () => {
  await lab.pool('again', '198.51.100.48/29');
  for (const name of ['a', 'b', 'c']) {
    await lab.create(`again/${name}`, { 'eip.openelb.kubesphere.io/v1alpha2': 'again' });
    await lab.published(`again/${name}`, `198.51.100.${48 + ['a', 'b', 'c'].indexOf(name)}`);
  }
  await lab.remove('again/a');
  await lab.plane.kubectl(['delete', 'eip', 'again']);
  for (const name of ['b', 'c']) {
    const kept = await lab.reason(`again/${name}`, 'KeepsFormerAddress');
    expect(assigned(kept)?.status).toBe('True');
    expect(assigned(kept)?.message).toContain('Eip again is gone; create it again, or have the Service name another');
  }
  await eventually(async () =>
    expect(await lab.claims('again')).toEqual({ '198.51.100.49': 'again/b', '198.51.100.50': 'again/c' }),
  );
  await lab.eip('again', '198.51.100.48/29', { namespaces: ['again'] });
  for (const [name, address] of Object.entries({ b: '198.51.100.49', c: '198.51.100.50' })) {
    expect(publishedBy(await lab.reason(`again/${name}`, 'Assigned'))).toBe(address);
  }
});

test('a Service that did not name its Eip does not hop to another, until its own request is another', async () => {
  await lab.pool('other-1', '198.51.100.56/30');
  await lab.create('other-1/web');
  await lab.published('other-1/web', '198.51.100.56');
  await lab.eip('other-2', '198.51.100.60/30', { namespaces: ['other-1'] });
  await lab.plane.kubectl(['delete', 'eip', 'other-1']);
  expect(publishedBy(await lab.reason('other-1/web', 'KeepsFormerAddress'))).toBe('198.51.100.56');
  await lab.create('other-1/new');
  await lab.published('other-1/new', '198.51.100.60');
  await lab.patch('other-1/web', { metadata: { annotations: { 'eip.openelb.kubesphere.io/v1alpha2': 'other-2' } } });
  await lab.published('other-1/web', '198.51.100.61');
  await eventually(async () =>
    expect(await lab.claims('other-1')).toEqual({ '198.51.100.60': 'other-1/new', '198.51.100.61': 'other-1/web' }),
  );
});

test('an Eip that is deleted with the annotation for it takes its addresses along: Services take others, or wait', async () => {
  await lab.pool('released', '198.51.100.144/30');
  await lab.create('released/any');
  await lab.published('released/any', '198.51.100.144');
  await lab.create('released/named', { 'eip.openelb.kubesphere.io/v1alpha2': 'released' });
  await lab.published('released/named', '198.51.100.145');
  await lab.eip('released-more', '198.51.100.148/30', { namespaces: ['released'] });
  await lab.admin.patch(EIPS, { name: 'released' }, RELEASE, { type: 'merge' });
  await lab.admin.delete(EIPS, { name: 'released' });
  await lab.published('released/any', '198.51.100.148');
  expect(assigned(await lab.published('released/named', ''))?.reason).toBe('EipNotFound');
  await eventually(async () => expect(await lab.claims('released')).toEqual({ '198.51.100.148': 'released/any' }));
});

test.each([
  ['broken', '198.51.100.72-198.51.100.64'],
  ['shrunk', '198.51.100.78/31'],
])(
  'an Eip that is %s while a Service has its address takes nothing away and gives nothing new',
  async (name, edited) => {
    const namespace = `edit-${name}`;
    await lab.pool(namespace, '198.51.100.64/28', {});
    await lab.create(`${namespace}/web`);
    await lab.published(`${namespace}/web`, '198.51.100.64');
    // Another Eip would gladly take it.
    await lab.eip(`${namespace}-more`, '198.51.100.80/30', { namespaces: [namespace], priority: 1 });
    await lab.admin.patch(EIPS, { name: namespace }, { spec: { address: edited } }, { type: 'merge' });
    const kept = await lab.reason(`${namespace}/web`, 'EipInvalid');
    expect([publishedBy(kept), assigned(kept)?.status]).toEqual(['198.51.100.64', 'True']);
    await lab.stop(replica);
    replica = await lab.replica();
    await replica.idle();
    expect(publishedBy(await lab.service(`${namespace}/web`))).toBe('198.51.100.64');
    await lab.admin.patch(EIPS, { name: namespace }, { spec: { address: '198.51.100.64/28' } }, { type: 'merge' });
    await lab.reason(`${namespace}/web`, 'Assigned');
    await lab.plane.kubectl(['delete', 'eip', namespace, `${namespace}-more`]);
    await lab.plane.kubectl(['delete', 'service', '-n', namespace, '--all']);
    await eventually(async () => expect(await lab.claims(namespace)).toEqual({}));
  },
);

test('two Eips that overlap: the younger gives nothing and says so; the older is not disturbed', async () => {
  await lab.pool('older', '198.51.100.96/28');
  await lab.create('older/web');
  await lab.published('older/web', '198.51.100.96');
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await lab.eip('younger', '198.51.100.100/30');
  await eventually(async () => {
    const { conditions, ready } = await lab.eipStatus('younger');
    expect(conditions?.map(({ type, status, reason }) => `${type} ${status} ${reason}`)).toEqual([
      'Accepted False Overlaps',
      'Ready False Overlaps',
    ]);
    expect(ready).toBe(false);
  });
  expect((await lab.eipStatus('older')).ready).toBe(true);
  await lab.create('older/named', { 'eip.openelb.kubesphere.io/v1alpha2': 'younger' });
  await lab.reason('older/named', 'EipInvalid');
  await lab.plane.kubectl(['delete', 'eip', 'younger']);
});

test('a field without effect is named in a condition of the Eip', async () => {
  await lab.eip(
    'unsupported',
    '198.51.100.112/30',
    { usingKnownIPs: true },
    { labels: { 'openelb.kubesphere.io/cni': 'calico' } },
  );
  await eventually(async () => {
    const { conditions } = await lab.eipStatus('unsupported');
    expect(conditions?.map(({ type, reason }) => `${type} ${reason}`)).toEqual([
      'Accepted Accepted',
      'Ready Ready',
      'Supported Unsupported',
      'Announced AnnouncedByCni',
    ]);
  });
});

test('an Eip that is made again with other addresses gives those to new Services; the former ones keep theirs', async () => {
  await lab.pool('moved', '10.1.70.0/30');
  for (const name of ['named', 'any']) {
    await lab.create(`moved/${name}`, name === 'named' ? { 'eip.openelb.kubesphere.io/v1alpha2': 'moved' } : {});
  }
  const addresses = async () => [
    publishedBy(await lab.service('moved/named')),
    publishedBy(await lab.service('moved/any')),
  ];
  await eventually(async () => expect((await addresses()).toSorted()).toEqual(['10.1.70.0', '10.1.70.1']));
  const before = await addresses();
  // Without a pause, as `kubectl replace --force` does it.
  await lab.admin.delete(EIPS, { name: 'moved' });
  const { metadata } = await lab.eip('moved', '10.1.71.0/30', { namespaces: ['moved'] });
  const kept = await lab.reason('moved/named', 'KeepsFormerAddress');
  expect(assigned(kept)?.message).toContain('was deleted and made again without the address');
  await lab.create('moved/new');
  await lab.published('moved/new', '10.1.71.0');
  expect((await lab.claim('10.1.71.0'))?.spec.eipUid).toBe(metadata.uid);
  expect(await addresses()).toEqual(before);
  await eventually(async () => expect((await lab.eipStatus('moved')).used).toEqual({ '10.1.71.0': 'moved/new' }));
  await lab.patch('moved/named', { metadata: { annotations: { 'eip.openelb.kubesphere.io/v1alpha1': '10.1.71.3' } } });
  await lab.published('moved/named', '10.1.71.3');
});

test('an Eip that is made again as it was stands behind its addresses from then on', async () => {
  await lab.pool('as-it-was', '10.1.72.0/30');
  await lab.create('as-it-was/web', { 'eip.openelb.kubesphere.io/v1alpha2': 'as-it-was' });
  await lab.published('as-it-was/web', '10.1.72.0');
  await lab.admin.delete(EIPS, { name: 'as-it-was' });
  const { metadata } = await lab.eip('as-it-was', '10.1.72.0/29', { namespaces: ['as-it-was'] });
  await eventually(async () => expect((await lab.claim('10.1.72.0'))?.spec.eipUid).toBe(metadata.uid));
  await lab.admin.patch(EIPS, { name: 'as-it-was' }, { spec: { address: '10.1.72.4/30' } }, { type: 'merge' });
  await lab.reason('as-it-was/web', 'EipInvalid');
  await lab.published('as-it-was/web', '10.1.72.0');
  await lab.remove('as-it-was/web');
});

test('Services of an Eip that another one overlaps are told so, and when that is mended', async () => {
  await lab.pool('enlarged', '10.1.73.0/30');
  await lab.pool('overlapped', '10.1.73.4/30');
  await lab.create('overlapped/web', { 'eip.openelb.kubesphere.io/v1alpha1': '10.1.73.7' });
  await lab.published('overlapped/web', '10.1.73.7');
  const enlarged = (address: string) =>
    lab.admin.patch(EIPS, { name: 'enlarged' }, { spec: { address } }, { type: 'merge' });
  await enlarged('10.1.73.0-10.1.73.4');
  await lab.reason('overlapped/web', 'EipInvalid');
  await enlarged('10.1.73.0/30');
  await lab.reason('overlapped/web', 'Assigned');
});
