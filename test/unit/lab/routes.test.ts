import { nextHopsIn, parseRouteEvent, parseRoutes, samePrefix } from '../../lab/routes.ts';

test('an equal-cost route has its gateways in order', () => {
  const json = JSON.stringify([
    {
      dst: '198.51.100.7',
      nhid: 20,
      protocol: 'bgp',
      metric: 20,
      nexthops: [
        { gateway: '10.98.0.13', dev: 'eth0', weight: 1 },
        { gateway: '10.98.0.9', dev: 'eth0', weight: 1 },
        { gateway: '10.98.0.12', dev: 'eth0', weight: 1 },
      ],
    },
  ]);
  expect(parseRoutes(json)).toEqual([{ prefix: '198.51.100.7', nextHops: ['10.98.0.9', '10.98.0.12', '10.98.0.13'] }]);
});

test('a route by one gateway has that one', () => {
  expect(parseRoutes('[{"dst":"198.51.100.8","gateway":"10.98.0.12","dev":"eth0"}]')).toEqual([
    { prefix: '198.51.100.8', nextHops: ['10.98.0.12'] },
  ]);
});

test('IPv6 paths that the kernel lists one by one are one route', () => {
  const json = '[{"dst":"2001:db8::7","gateway":"fd98::12"},{"dst":"2001:db8::7","gateway":"fd98::11"}]';
  expect(parseRoutes(json)).toEqual([{ prefix: '2001:db8::7', nextHops: ['fd98::11', 'fd98::12'] }]);
});

test('no output is no route', () => {
  expect(parseRoutes('')).toEqual([]);
  expect(parseRoutes('[]\n')).toEqual([]);
});

test.each([
  ['198.51.100.7/32', '198.51.100.7', true],
  ['2001:db8::7/128', '2001:db8::7', true],
  ['198.51.100.0/24', '198.51.100.0', false],
  ['2001:db8::/32', '2001:db8::', false],
])('%s and %s: same prefix %s', (a, b, same) => {
  expect(samePrefix(a, b)).toBe(same);
});

test.each([
  ['198.51.100.7 nhid 12 proto bgp metric 20 ', { prefix: '198.51.100.7', deleted: false, nextHops: [] }],
  ['Deleted 198.51.100.7 nhid 12 proto bgp metric 20 ', { prefix: '198.51.100.7', deleted: true, nextHops: [] }],
  [
    '2001:db8::7 nhid 9 via fd98::11 dev eth0 proto bgp metric 20 pref medium',
    { prefix: '2001:db8::7', deleted: false, nextHops: ['fd98::11'] },
  ],
  ['\tnexthop via 10.98.0.12 dev eth0 weight 1 ', undefined],
])('ip monitor route: %j', (line, event) => {
  expect(parseRouteEvent(line)).toEqual(event);
});

test('the line of one next hop names it', () => {
  expect(nextHopsIn('\tnexthop via 10.98.0.12 dev eth0 weight 1 ')).toEqual(['10.98.0.12']);
});
