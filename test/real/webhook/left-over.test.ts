/**
 * Claims at the edge of a Service's life: one that looks left over and is counted on again in the same moment, and one that somebody deleted by hand. There is
 * no allocator here; what it would have sent is sent by the test, late.
 */

import type { Service } from '../../../lib/api/service/service.ts';
import type { EipClaim } from '../../../lib/api/skycap/claim.ts';
import { EIP_CLAIMS, SERVICES } from '../../../lib/kube/resource.ts';
import { eventually } from '../../support/eventually.ts';
import { service, WebhookLab } from './harness.ts';

const EIP = 'eip.openelb.kubesphere.io/v1alpha2';

let lab: WebhookLab;
beforeAll(async () => {
  lab = await WebhookLab.start(1);
  await lab.eip('few', '198.51.100.0/29');
}, 180_000);
afterEach(async () => {
  const { items } = await lab.client.list(SERVICES, { namespace: 'default' });
  for (const { metadata, spec } of items) {
    const name = metadata.name ?? '';
    if (spec?.selector?.app === name) await lab.client.delete(SERVICES, { namespace: 'default', name });
  }
  await lab.send('DELETE', '/apis/skycap.io/v1alpha1/eipclaims');
  await lab.untilInStep('eipclaims');
});
afterAll(() => lab?.[Symbol.asyncDispose]());

const create = (name: string): Promise<Service> =>
  lab.client.create(SERVICES, service(name, { [EIP]: 'few' }, { loadBalancerClass: 'skycap.io/lb' }));
const addressOf = ({ metadata }: Service): string => metadata.annotations?.['skycap.io/addresses'] ?? 'none';
const patch = (name: string, body: object, subresource?: 'status'): Promise<Service> =>
  lab.client.patch(SERVICES, { namespace: 'default', name }, body, {
    type: 'merge',
    ...(subresource && { subresource }),
  });
const claim = (name: string): Promise<EipClaim> => lab.client.get(EIP_CLAIMS, { name });

/** What an allocator sends that has seen the Service gone, and has not seen it come again. */
function releaseLate({ metadata }: EipClaim): Promise<void> {
  const { name = '', uid = '', resourceVersion = '' } = metadata;
  return lab.client.delete(EIP_CLAIMS, { name }, { uid, resourceVersion });
}

/** As the allocator does. */
async function bind(name: string, { metadata }: Service): Promise<EipClaim> {
  const found = await claim(name);
  const holders = found.spec.holders.map((holder) => ({ ...holder, uid: metadata.uid ?? '' }));
  const bound = await lab.client.replace(EIP_CLAIMS, { ...found, spec: { ...found.spec, holders } });
  await lab.untilInStep('eipclaims');
  return bound;
}

describe('a claim that is about to be released when it is counted on again', () => {
  test('by a Service that is made again', async () => {
    expect(addressOf(await create('again'))).toBe('198.51.100.0');
    await lab.client.delete(SERVICES, { namespace: 'default', name: 'again' });
    const judged = await claim('198.51.100.0');
    expect(addressOf(await create('again'))).toBe('198.51.100.0');
    await expect(releaseLate(judged)).rejects.toThrow(/conflict|precondition/i);
  });

  test('by a Service that becomes a load balancer again', async () => {
    const created = await create('retyped');
    expect(addressOf(created)).toBe('198.51.100.0');
    const judged = await bind('198.51.100.0', created);
    await patch('retyped', { spec: { type: 'ClusterIP', loadBalancerClass: null } });
    const back = await patch('retyped', { spec: { type: 'LoadBalancer', loadBalancerClass: 'skycap.io/lb' } });
    expect(addressOf(back)).toBe('198.51.100.0');
    await expect(releaseLate(judged)).rejects.toThrow(/conflict|precondition/i);
    expect((await claim('198.51.100.0')).spec.holders).toMatchObject([{ name: 'retyped', uid: created.metadata.uid }]);
  });

  test('and one that the stored Service shows costs no write', async () => {
    const created = await create('shown');
    const bound = await bind('198.51.100.0', created);
    const ports = [{ port: 80, protocol: 'TCP' as const, name: 'renamed' }];
    await patch('shown', { spec: { ports }, metadata: { labels: { a: 'b' } } });
    expect((await claim('198.51.100.0')).metadata.resourceVersion).toBe(bound.metadata.resourceVersion);
  });
});

describe('a claim deleted by hand', () => {
  test('leaves its address to the Service that publishes it, and to nobody else', async () => {
    await create('published');
    await patch('published', { status: { loadBalancer: { ingress: [{ ip: '198.51.100.0' }] } } }, 'status');
    await lab.client.delete(EIP_CLAIMS, { name: '198.51.100.0' });
    await lab.untilInStep('eipclaims');
    expect(addressOf(await create('newcomer'))).toBe('198.51.100.1');
    // Nobody publishes it any more.
    await lab.client.delete(SERVICES, { namespace: 'default', name: 'published' });
    await eventually(
      async () => {
        const preview = await lab.createService(service('preview', { [EIP]: 'few' }), '?dryRun=All');
        expect(addressOf(preview.object)).toBe('198.51.100.0');
      },
      { withinMs: 20_000, everyMs: 100 },
    );
  });

  test('and one released in order leaves it to the next', async () => {
    await create('gone');
    await lab.client.delete(SERVICES, { namespace: 'default', name: 'gone' });
    await lab.client.delete(EIP_CLAIMS, { name: '198.51.100.0' });
    await eventually(async () => {
      const preview = await lab.createService(service('preview', { [EIP]: 'few' }), '?dryRun=All');
      expect(addressOf(preview.object)).toBe('198.51.100.0');
    });
  });
});
