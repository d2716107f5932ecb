/** Findings about an Eip: pools of others with its addresses, others that serve the Services of a default Eip, and OpenELB. */
import { parseEip } from '../../../../lib/api/eip/parse-eip.ts';
import type { Service } from '../../../../lib/api/service/service.ts';
import { classlessServers } from '../../../../lib/preflight/rivals/classless-servers.ts';
import { eipFindings, NO_RIVALS } from '../../../../lib/preflight/rivals/eip-findings.ts';
import { metalLbPool } from '../../../../lib/preflight/rivals/foreign-pool.ts';
import { isRenewed } from '../../../../lib/preflight/rivals/read-rivals.ts';

function eip(address: string) {
  const parsed = parseEip({
    apiVersion: 'network.kubesphere.io/v1alpha2',
    kind: 'Eip',
    metadata: { name: 'web' },
    spec: { address },
  });
  if (!parsed.ok) throw new Error('Cannot go on: the Eip is invalid');
  return parsed.value;
}
const pool = (address: string) =>
  metalLbPool({ metadata: { namespace: 'metallb-system', name: 'main' }, spec: { addresses: [address] } });
const service = (name: string, metadata: object, spec: object = {}, status: object = {}): Service =>
  ({ metadata: { namespace: 'shop', name, ...metadata }, spec: { type: 'LoadBalancer', ...spec }, status }) as Service;
const ALLOCATED = { annotations: { 'metallb.io/ip-allocated-from-pool': 'main' } };
const CLOUD = { finalizers: ['service.kubernetes.io/load-balancer-cleanup'] };

test.each([
  ['192.0.2.0/24', true],
  ['192.0.2.255-192.0.3.7', true],
  ['192.0.3.0/24', false],
  ['2001:db8::/64', false],
])('a pool with %s has addresses of the Eip: %s', (address, expected) => {
  const findings = eipFindings(eip('192.0.2.0/24'), false, { ...NO_RIVALS, pools: [pool(address)] });
  expect(findings.map(({ reason }) => reason)).toEqual(expected ? ['PoolOfAnother'] : []);
  if (expected) expect(findings[0]?.message).toMatch(/^IPAddressPool metallb-system\/main of MetalLB has addresses/);
});

test.each<[string, readonly Service[], string[]]>([
  ['a pool, and no Service yet', [], ['MetalLB IPAddressPool metallb-system/main']],
  ['a Service without class has a mark', [service('a', ALLOCATED)], ['MetalLB Service shop/a']],
  ['all with a mark have a class', [service('a', ALLOCATED, { loadBalancerClass: 'm' })], []],
  [
    'k3s or a cloud',
    [service('a', CLOUD)],
    ['CloudController Service shop/a', 'MetalLB IPAddressPool metallb-system/main'],
  ],
  [
    'a mark on a Service that asks for Skycap shows nothing',
    [service('a', { ...ALLOCATED, annotations: { ...ALLOCATED.annotations, 'lb.kubesphere.io/v1alpha1': 'openelb' } })],
    ['MetalLB IPAddressPool metallb-system/main'],
  ],
  [
    'Cilium by its condition',
    [service('a', {}, {}, { conditions: [{ type: 'cilium.io/IPAMRequestSatisfied', status: 'True' }] })],
    ['Cilium Service shop/a', 'MetalLB IPAddressPool metallb-system/main'],
  ],
])('who serves Services without class: %s', (_, services, expected) => {
  const servers = classlessServers([pool('10.0.0.0/24')], services);
  expect(servers.map(({ rival, seenIn }) => `${rival} ${seenIn}`)).toEqual(expected);
});

test('only a default Eip is contested', () => {
  const rivals = { ...NO_RIVALS, classless: classlessServers([], [service('a', CLOUD)]) };
  expect(eipFindings(eip('192.0.2.0/24'), false, rivals)).toEqual([]);
  expect(eipFindings(eip('192.0.2.0/24'), true, rivals)).toMatchObject(
    [
      {
        reason: 'DefaultContested',
        message: /Service shop\/a/,
        remedy: /--disable=servicelb; or remove the annotation/,
      },
    ].map((one) => ({
      reason: one.reason,
      message: expect.stringMatching(one.message),
      remedy: expect.stringMatching(one.remedy),
    })),
  );
});

test('OpenELB runs while its Lease is renewed', () => {
  const lease = (spec: object) => ({ metadata: { name: 'openelb-controller' }, spec });
  const held = { holderIdentity: 'a', leaseDurationSeconds: 15, renewTime: '2026-01-01T00:00:00.000000Z' };
  const [soon, late] = ['2026-01-01T00:00:30Z', '2026-01-01T00:01:00Z'].map((text) => Date.parse(text));
  expect([isRenewed(lease(held), soon!), isRenewed(lease(held), late!)]).toEqual([true, false]);
  expect(isRenewed(lease({ ...held, holderIdentity: '' }), soon!)).toBe(false);
  expect(isRenewed(undefined, soon!)).toBe(false);
  const findings = eipFindings(eip('192.0.2.0/24'), false, { ...NO_RIVALS, isOpenElbRunning: true });
  expect(findings.map(({ reason }) => reason)).toEqual(['OpenElbRunning']);
});
