/** Claims of create calls that were refused after admission: they give way, and a Service that is stored late loses nothing silently. */
import type { EipClaim } from '../../../lib/api/skycap/claim.ts';
import { EIP_CLAIMS } from '../../../lib/kube/resource.ts';
import { AllocatorLab, eventually, publishedBy, type Replica, TIMING } from './harness.ts';

const GRACE_SECONDS = 60;

let lab: AllocatorLab;
let replica: Replica;

beforeAll(async () => {
  lab = await AllocatorLab.start();
  replica = await lab.replica('allocator-0', TIMING, GRACE_SECONDS);
}, 180_000);
afterAll(() => lab?.[Symbol.asyncDispose]());

/** As the webhook makes it during a create call. @param name absent under generateName. */
async function claim(namespace: string, name: string | undefined, address: string, eip: string): Promise<void> {
  const holder = {
    namespace,
    ...(name && { name }),
    token: `token-${address}`,
    ports: [{ port: 80, protocol: 'TCP' as const }],
    externalTrafficPolicy: 'Cluster' as const,
    selector: '',
    since: new Date().toISOString(),
  };
  const spec: EipClaim['spec'] = { address, eip, holders: [holder] };
  await lab.admin.create(EIP_CLAIMS, {
    apiVersion: 'skycap.io/v1alpha1',
    kind: 'EipClaim',
    metadata: { name: address },
    spec,
  });
}

/** As the webhook writes them on the Service. */
const managedMetadata = (address: string, eip: string) => ({
  annotations: {
    'lb.kubesphere.io/v1alpha1': 'openelb',
    'skycap.io/addresses': address,
    'skycap.io/claim': `token-${address}`,
  },
  labels: { 'eip.openelb.kubesphere.io/v1alpha2': eip },
});

test('they give way at once to Services that exist, and to what those ask for', async () => {
  await lab.namespace('greedy');
  await lab.pool('full', '10.3.0.0/30');
  // The oldest gives way first, and the last is asked for by address.
  for (const i of [0, 1, 2, 3]) await claim('greedy', i % 2 ? `s${i}` : undefined, `10.3.0.${i}`, 'full');
  const startedMs = performance.now();
  await lab.create('full/any');
  await lab.create('full/this', { 'eip.openelb.kubesphere.io/v1alpha1': '10.3.0.3' });
  await lab.published('full/this', '10.3.0.3');
  await eventually(async () => expect(publishedBy(await lab.service('full/any'))).toMatch(/^10\.3\.0\.[012]$/));
  expect(performance.now() - startedMs).toBeLessThan(5_000);
  await replica.idle();
  expect(Object.values(await lab.claims('full')).sort()).toEqual(['full/any', 'full/this']);
});

test('a Service that is stored after its claim gave way gets another address, and is told', async () => {
  await lab.namespace('late');
  await lab.pool('gone', '10.3.1.0/31');
  await claim('late', 'slow', '10.3.1.0', 'gone');
  await claim('late', 'slower', '10.3.1.1', 'gone');
  await lab.create('gone/first');
  await lab.create('gone/second');
  for (const name of ['first', 'second']) {
    await eventually(async () => expect(publishedBy(await lab.service(`gone/${name}`))).not.toBe(''));
  }
  // Bound to other namespaces by now: it waits, and nothing tells of the address that it does not have.
  const claimedRequest = { 'eip.openelb.kubesphere.io/v1alpha2': 'gone' };
  const { annotations, labels } = managedMetadata('10.3.1.0', 'gone');
  await lab.create('late/slow', { ...annotations, ...claimedRequest }, {}, { labels });
  const waiting = await lab.reason('late/slow', 'EipFull');
  expect(waiting.metadata.annotations).not.toHaveProperty(['skycap.io/addresses']);
  await eventually(async () => {
    const { items } = await lab.events('late');
    expect(items.map(({ reason, note }) => `${reason} ${note}`)).toContainEqual(
      expect.stringMatching(/^ClaimExpired another Service has 10\.3\.1\.0 by now/),
    );
  });
  await lab.eip('more', '10.3.2.0/30', { namespaces: ['late'] });
  await lab.create('late/slower', { ...managedMetadata('10.3.1.1', 'gone').annotations }, {}, { labels });
  const other = await lab.published('late/slower', '10.3.2.0');
  expect(other.metadata.annotations?.['skycap.io/addresses']).toBe('10.3.2.0');
  expect(Object.values(await lab.claims('gone')).sort()).toEqual(['gone/first', 'gone/second']);
});

test('where a namespace has many of them the oldest expire within seconds; the youngest few have the whole grace period', async () => {
  await lab.namespace('flood');
  await lab.eip('wide', '10.3.4.0/24');
  for (let i = 0; i < 10; i++) await claim('flood', i % 2 ? `s${i}` : undefined, `10.3.4.${i}`, 'wide');
  await eventually(async () => expect(Object.keys(await lab.claims('flood')).length).toBe(4), 40_000);
  expect(Object.keys(await lab.claims('flood')).sort()).toEqual([6, 7, 8, 9].map((i) => `10.3.4.${i}`));
}, 60_000);

test('where addresses are scarce each expires within seconds', async () => {
  await lab.namespace('tight');
  await lab.eip('tight', '10.3.5.0/31', { namespaces: ['tight'] });
  await claim('tight', 'web', '10.3.5.0', 'tight');
  await claim('tight', 'other', '10.3.5.1', 'tight');
  await eventually(async () => expect(await lab.claims('tight')).toEqual({}), 40_000);
}, 60_000);
