/** The share of an Eip that Calico announces, by `spec.serviceLoadBalancerIPs`. */

import { parseRange } from '../../../../lib/net/range.ts';
import { calicoRanges, calicoShare } from '../../../../lib/reach/calico.ts';

const object = (...cidrs: readonly unknown[]) => ({
  metadata: { name: 'default' },
  spec: { serviceLoadBalancerIPs: cidrs.map((cidr) => ({ cidr })) },
});

it.each([
  [[], 'none'],
  [['198.51.100.0/24'], 'all'],
  [['198.51.0.0/16', '203.0.113.0/24'], 'all'],
  [['198.51.100.128/25'], 'part'],
  [['198.51.100.7/32'], 'part'],
  [['2001:db8::/32', '203.0.113.0/24'], 'none'],
  [['nonsense', 7, undefined], 'none'],
] as const)('%j', (cidrs, share) => {
  const eip = parseRange('198.51.100.0/24');
  if (!eip.ok) throw new Error('Cannot go on: the range is invalid');
  expect(calicoShare(calicoRanges(object(...cidrs)), eip.range)).toBe(share);
});

it('an object without the field, and no object', () => {
  expect(calicoRanges({ metadata: { name: 'default' } })).toEqual([]);
  expect(calicoRanges(undefined)).toEqual([]);
});
