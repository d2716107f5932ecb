/** What is said of an Eip that has addresses which Services of another load balancer publish. */
import type { EipObject } from '../../../../lib/api/eip/eip-types.ts';
import type { Service } from '../../../../lib/api/service/service.ts';
import type { KubeWatcher } from '../../../../lib/kube/client.ts';
import { withPublishedElsewhere } from '../../../../webhook/cluster/published-elsewhere.ts';
import type { AdmissionRequest } from '../../../../webhook/review/review.ts';
import { eipObject, service } from '../builders.ts';

const web = eipObject('web', '198.51.100.0/24');
const OTHER = { 'lb.kubesphere.io/v1alpha1': 'other' };
const { signal } = new AbortController();

const publishing = (annotations: Record<string, string>, ...ips: string[]): Service => ({
  ...service(annotations),
  status: { loadBalancer: { ingress: ips.map((ip) => ({ ip })) } },
});

async function warned(services: readonly Service[] | Error, object: EipObject, oldObject?: EipObject) {
  const list = () => (services instanceof Error ? Promise.reject(services) : Promise.resolve({ items: services }));
  const request = { kind: 'Eip', object, oldObject } as unknown as AdmissionRequest;
  const client = { list } as unknown as KubeWatcher;
  const reviewed = { answer: { allowed: true, warnings: ['a'] }, outcome: 'allowed' } as const;
  return (await withPublishedElsewhere(reviewed, request, client, signal)).answer.warnings?.slice(1);
}

test.each<[string, readonly Service[] | Error, EipObject | undefined, string[]]>([
  ['no load balancer', [], undefined, []],
  [
    'one of another, and what is outside',
    [publishing(OTHER, '198.51.100.7', '203.0.113.1')],
    undefined,
    [
      'spec.address: Services of another load balancer publish 198.51.100.7 (shop/front); Skycap gives these to nobody meanwhile',
    ],
  ],
  ['ours by the annotation', [publishing({ 'lb.kubesphere.io/v1alpha1': 'openelb' }, '198.51.100.7')], undefined, []],
  ['an edit that leaves the addresses', [publishing(OTHER, '198.51.100.7')], web, []],
  ['Services that cannot be read', new Error('no answer'), undefined, []],
])('%s', async (_, services, old, expected) => {
  expect(await warned(services, web, old)).toEqual(expected);
});
