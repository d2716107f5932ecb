/** What becomes of Services at a real API server when their Eip is deleted, made again, broken, shrunk or overlapped. */
import { EIPS } from '../../../lib/kube/resource.ts';
import { AllocatorLab, assigned, eventually, publishedBy, type Replica } from './harness.ts';

let lab: AllocatorLab;
let replica: Replica;

beforeAll(async () => {
  lab = await AllocatorLab.start();
  replica = await lab.replica();
}, 60_000);
afterAll(() => lab?.[Symbol.asyncDispose]());

test('an Eip that is deleted and made again gives the same addresses; meanwhile its Services wait', async () => {
  await lab.pool('again', '198.51.100.48/29');
  for (const name of ['a', 'b', 'c']) {
    await lab.create(`again/${name}`, { 'eip.openelb.kubesphere.io/v1alpha2': 'again' });
    await lab.published(`again/${name}`, `198.51.100.${48 + ['a', 'b', 'c'].indexOf(name)}`);
  }
  await lab.remove('again/a');
  await lab.plane.kubectl(['delete', 'eip', 'again']);
  for (const name of ['b', 'c']) {
    const waiting = await lab.published(`again/${name}`, '');
    expect(assigned(waiting)?.reason).toBe('EipNotFound');
  }
  expect(await lab.claims('again')).toEqual({ '198.51.100.49': 'again/b', '198.51.100.50': 'again/c' });
  await lab.eip('again', '198.51.100.48/29', { namespaces: ['again'] });
  await lab.published('again/b', '198.51.100.49');
  await lab.published('again/c', '198.51.100.50');
});

test('a Service whose Eip is deleted takes an address of another Eip, and gives the old one up', async () => {
  await lab.pool('other-1', '198.51.100.56/30');
  await lab.create('other-1/web');
  await lab.published('other-1/web', '198.51.100.56');
  await lab.eip('other-2', '198.51.100.60/30', { namespaces: ['other-1'] });
  await lab.plane.kubectl(['delete', 'eip', 'other-1']);
  await lab.published('other-1/web', '198.51.100.60');
  await eventually(async () => expect(await lab.claims('other-1')).toEqual({ '198.51.100.60': 'other-1/web' }));
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

test('an Eip that is made again with other addresses is another: its Services get new ones', async () => {
  await lab.pool('moved', '10.1.70.0/30');
  await lab.create('moved/web', { 'eip.openelb.kubesphere.io/v1alpha2': 'moved' });
  await lab.published('moved/web', '10.1.70.0');
  // Without a pause, as `kubectl replace --force` does it.
  await lab.admin.delete(EIPS, { name: 'moved' });
  const { metadata } = await lab.eip('moved', '10.1.71.0/30', { namespaces: ['moved'] });
  await lab.published('moved/web', '10.1.71.0');
  await eventually(async () => expect(await lab.claims('moved')).toEqual({ '10.1.71.0': 'moved/web' }));
  expect((await lab.claim('10.1.71.0'))?.spec.eipUid).toBe(metadata.uid);
  await eventually(async () => expect((await lab.eipStatus('moved')).used).toEqual({ '10.1.71.0': 'moved/web' }));
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
