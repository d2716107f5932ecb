/** Pools of other load balancers, in the fields that their documentation gives. */

import { rangeText } from '../../../../lib/net/range.ts';
import type { ForeignPool } from '../../../../lib/preflight/rivals/foreign-pool.ts';
import { calicoPools, ciliumPool, kubeVipPool, metalLbPool } from '../../../../lib/preflight/rivals/foreign-pool.ts';

const object = (spec: object, namespace?: string) => ({
  metadata: { name: 'p', ...(namespace && { namespace }) },
  spec: spec as Record<string, unknown>,
});
const words = ({ ranges, servesClassless }: ForeignPool) => [ranges.map(rangeText).join(' '), servesClassless];

test.each([
  [
    { addresses: ['192.0.2.0/30', '192.0.2.9 - 192.0.2.10', 'fc00::/127'] },
    '192.0.2.0-192.0.2.3 192.0.2.9-192.0.2.10 fc00::-fc00::1',
    true,
  ],
  [{ addresses: ['192.0.2.0/32'], autoAssign: false }, '192.0.2.0', false],
  [{ addresses: ['nonsense', 7] }, '', true],
  [{}, '', true],
])('MetalLB %j', (spec, ranges, classless) => {
  expect(words(metalLbPool(object(spec, 'metallb-system')))).toEqual([ranges, classless]);
});

test.each([
  [
    { blocks: [{ cidr: '192.0.2.0/31' }, { start: '192.0.2.8', stop: '192.0.2.9' }, { start: '192.0.2.12' }] },
    '192.0.2.0-192.0.2.1 192.0.2.8-192.0.2.9 192.0.2.12',
    true,
  ],
  [{ blocks: [], disabled: true }, '', false],
  [{ blocks: [{}, null], serviceSelector: { matchLabels: { a: 'b' } } }, '', false],
])('Cilium %j', (spec, ranges, classless) => {
  expect(words(ciliumPool(object(spec)))).toEqual([ranges, classless]);
});

const LOAD_BALANCERS = { cidr: '192.0.2.0/31', allowedUses: ['LoadBalancer'] };
const controllers = (assignIPs: string) => object({ controllers: { loadBalancer: { assignIPs } } });

test.each([
  [LOAD_BALANCERS, undefined, [['192.0.2.0-192.0.2.1', true]]],
  [LOAD_BALANCERS, controllers('AllServices'), [['192.0.2.0-192.0.2.1', true]]],
  [LOAD_BALANCERS, controllers('RequestedServicesOnly'), [['192.0.2.0-192.0.2.1', false]]],
  [{ ...LOAD_BALANCERS, assignmentMode: 'Manual' }, undefined, [['192.0.2.0-192.0.2.1', false]]],
  [{ cidr: '10.0.0.0/8' }, undefined, []],
  [{ cidr: '10.0.0.0/8', allowedUses: ['Workload', 'Tunnel'] }, undefined, []],
])('Calico %j, %j', (spec, config, expected) => {
  expect(calicoPools(object(spec), config).map(words)).toEqual(expected);
});

test('kube-vip: the entries for namespaces and for all', () => {
  const data = { 'cidr-global': '192.0.2.0/31,192.0.2.4/31', 'range-shop': '192.0.2.8-192.0.2.9', other: '10.0.0.0/8' };
  const at = { kind: 'ConfigMap', namespace: 'kube-system', name: 'kubevip' };
  expect(kubeVipPool(data, at).map(words)).toEqual([
    ['192.0.2.0-192.0.2.1 192.0.2.4-192.0.2.5 192.0.2.8-192.0.2.9', true],
  ]);
  expect(kubeVipPool({ other: 'x' }, at)).toEqual([]);
});
