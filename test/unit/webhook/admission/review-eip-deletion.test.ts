/** The deletion of an Eip: refused while Services that exist have its addresses, unless it says that these are to be released. */
import pino from 'pino';
import type { EipObject } from '../../../../lib/api/eip/eip-types.ts';
import type { Service } from '../../../../lib/api/service/service.ts';
import type { EipClaim } from '../../../../lib/api/skycap/claim.ts';
import type { KubeWatcher } from '../../../../lib/kube/client.ts';
import { reviewEipDeletion } from '../../../../webhook/admission/review-eip-deletion.ts';
import { claim, holder } from '../../lib/ipam/builders.ts';
import { clusterStateOf, eipObject, service } from '../builders.ts';

const web = eipObject('web', '198.51.100.0/24');
const OURS = { 'skycap.io/addresses': '198.51.100.7' };

const named = (name: string, annotations: Record<string, string> = {}, ...published: string[]): Service => {
  const made = service(annotations);
  return {
    ...made,
    metadata: { ...made.metadata, name },
    status: { loadBalancer: { ingress: published.map((ip) => ({ ip })) } },
  };
};

async function judged(
  services: readonly Service[],
  claims: readonly EipClaim[] = [],
  eip: EipObject = web,
  others: readonly EipObject[] = [],
): Promise<string> {
  const { cluster } = clusterStateOf([eip, ...others], claims);
  const client = { list: async () => ({ items: services, resourceVersion: '1' }) } as unknown as KubeWatcher;
  const request = {
    uid: 'r1',
    kind: 'Eip',
    operation: 'DELETE' as const,
    name: eip.metadata.name ?? '',
    namespace: '',
    oldObject: eip,
    dryRun: false,
    userName: 'kim',
  };
  const deps = { cluster, client, log: pino({ level: 'silent' }) };
  const { answer } = await reviewEipDeletion(request, deps, new AbortController().signal);
  return [answer.allowed ? 'allowed' : answer.message, ...(answer.warnings ?? [])].join('; ');
}

const REMEDY =
  'have these Services name another Eip first, or delete them. To take the addresses from them: kubectl annotate eip web skycap.io/release-addresses=true';

it.each<[string, Service[], EipClaim[], string]>([
  ['published', [named('front', OURS, '198.51.100.7')], [], '198.51.100.7 (shop/front)'],
  [
    'published by OpenELB, without claim and marks',
    [named('front', {}, '198.51.100.7')],
    [],
    '198.51.100.7 (shop/front)',
  ],
  [
    'claimed, and not published yet',
    [named('front', OURS)],
    [claim('198.51.100.7', [holder('front')])],
    '198.51.100.7 (shop/front)',
  ],
  [
    'claimed without a name, and not published yet',
    [named('front-x7', { ...OURS, 'skycap.io/claim': 'token-front' })],
    [claim('198.51.100.7', [withoutName()])],
    '198.51.100.7 (shop/front-x7)',
  ],
  [
    'shared',
    [named('front', OURS, '198.51.100.7'), named('back', OURS, '198.51.100.7')],
    [claim('198.51.100.7', [holder('front'), holder('back')])],
    '198.51.100.7 (shop/back, shop/front)',
  ],
  [
    'many',
    ['7', '10', '9', '8', '6', '11', '12'].map((n) => named(`s${n}`, {}, `198.51.100.${n}`)),
    [],
    '198.51.100.6 (shop/s6), 198.51.100.7 (shop/s7), 198.51.100.8 (shop/s8), 198.51.100.9 (shop/s9), 198.51.100.10 (shop/s10) and 2 more',
  ],
])('%s: refused', async (_, services, claims, users) => {
  expect(await judged(services, claims)).toBe(`Eip "web" has addresses in use: ${users}; ${REMEDY}`);
});

function withoutName() {
  const { name: _, uid: __, ...rest } = holder('front');
  return rest;
}

it.each<[string, Service[], EipClaim[]]>([
  ['nobody', [], []],
  ['a claim of a Service that is gone', [], [claim('198.51.100.7', [holder('front')])]],
  ['a claim of a create call that failed', [], [claim('198.51.100.7', [withoutName()])]],
  ['a forged mark', [named('front', OURS)], []],
  ['an address of another Eip', [named('front', {}, '203.0.113.1')], []],
  [
    'a Service of another load balancer',
    [named('front', { 'lb.kubesphere.io/v1alpha1': 'other' }, '198.51.100.7')],
    [],
  ],
])('%s: allowed', async (_, services, claims) => {
  expect(await judged(services, claims)).toBe('allowed');
});

const used = [named('front', OURS, '198.51.100.7')];

it('one that releases its addresses may go, with a warning that names them', async () => {
  const metadata = { annotations: { 'skycap.io/release-addresses': 'true' } };
  expect(await judged(used, [], eipObject('web', '198.51.100.0/24', {}, metadata))).toBe(
    'allowed; takes their addresses from Services: 198.51.100.7 (shop/front)',
  );
  expect(await judged([], [], eipObject('web', '198.51.100.0/24', {}, metadata))).toBe('allowed');
});

it('one that is being deleted already is let go', async () => {
  const metadata = { deletionTimestamp: '2026-01-02T00:00:00Z' };
  expect(await judged(used, [], eipObject('web', '198.51.100.0/24', {}, metadata))).toBe('allowed');
});

it('of two that overlap the younger has no address in use; one that can’t be read has those that it gave', async () => {
  const older = eipObject('older', '198.51.100.0/25', {}, { creationTimestamp: '2025-01-01T00:00:00Z' });
  expect(await judged(used, [claim('198.51.100.7', [holder('front')])], web, [older])).toBe('allowed');
  const broken = eipObject('web', 'nonsense');
  expect(await judged(used, [claim('198.51.100.7', [holder('front')])], broken)).toContain('198.51.100.7 (shop/front)');
});
