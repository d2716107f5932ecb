/** What of `status.loadBalancer.ingress` is ours, and what another controller's. */
import fc from 'fast-check';
import { withOwnEntries } from '../../../../allocator/services/ingress.ts';
import type { LoadBalancerIngress } from '../../../../lib/api/service/service.ts';
import { type Address, formatAddress, parseAddress } from '../../../../lib/net/address.ts';
import { addr } from '../builders.ts';

const isOwn = (address: Address): boolean => /^(10\.|2001:)/.test(formatAddress(address));
const own = (ip: string, beside: Partial<LoadBalancerIngress> = {}): LoadBalancerIngress => ({
  ip,
  ipMode: 'VIP',
  ...beside,
});
const HOST: LoadBalancerIngress = { hostname: 'lb.example.com' };
const THEIRS: LoadBalancerIngress = { ip: '192.0.2.9', ipMode: 'Proxy', ports: [{ port: 80, protocol: 'TCP' }] };
const PORTS = [{ port: 80, protocol: 'TCP', error: 'example.com/Refused' }];

test.each<[string, LoadBalancerIngress[], string[], LoadBalancerIngress[]]>([
  ['ours alone', [], ['10.0.0.1'], [own('10.0.0.1')]],
  ['those of others stay in front', [HOST, THEIRS], ['10.0.0.1'], [HOST, THEIRS, own('10.0.0.1')]],
  ['and behind', [own('10.0.0.1'), HOST], ['10.0.0.1'], [own('10.0.0.1'), HOST]],
  ['and between', [own('10.0.0.1'), HOST, own('10.0.0.3')], ['10.0.0.1'], [own('10.0.0.1'), HOST]],
  [
    'a second family follows ours',
    [own('10.0.0.1'), HOST],
    ['10.0.0.1', '2001:db8::1'],
    [own('10.0.0.1'), own('2001:db8::1'), HOST],
  ],
  ['another address takes the place', [HOST, own('10.0.0.1'), THEIRS], ['10.0.0.2'], [HOST, own('10.0.0.2'), THEIRS]],
  [
    'families are put in order',
    [own('2001:db8::1'), own('10.0.0.1')],
    ['10.0.0.1', '2001:db8::1'],
    [own('10.0.0.1'), own('2001:db8::1')],
  ],
  ['none of ours is left', [own('10.0.0.1'), THEIRS, own('2001:db8::1')], [], [THEIRS]],
  ['the mode is mended', [{ ip: '10.0.0.1', ipMode: 'Proxy' }], ['10.0.0.1'], [own('10.0.0.1')]],
  ['the text is canonical', [own('2001:DB8:0::1')], ['2001:db8::1'], [own('2001:db8::1')]],
  [
    'a host name and ports stay with the address',
    [own('10.0.0.1', { hostname: 'a.example.com', ports: PORTS })],
    ['10.0.0.1'],
    [own('10.0.0.1', { hostname: 'a.example.com', ports: PORTS })],
  ],
  [
    'they go along with it',
    [own('2001:db8::1', HOST), own('10.0.0.1')],
    ['10.0.0.1', '2001:db8::1'],
    [own('10.0.0.1'), own('2001:db8::1', HOST)],
  ],
  ['a host name stays where the address goes', [own('10.0.0.1', HOST)], [], [HOST]],
  ['and where another one comes', [own('10.0.0.1', HOST)], ['10.0.0.2'], [own('10.0.0.2'), HOST]],
  [
    'what stands there twice stands there once',
    [own('10.0.0.1'), { ip: '10.0.0.1' }, HOST, own('10.0.0.1')],
    ['10.0.0.1'],
    [own('10.0.0.1'), HOST],
  ],
  ['but for a host name', [own('10.0.0.1'), own('10.0.0.1', HOST)], ['10.0.0.1'], [own('10.0.0.1'), HOST]],
  ['what is no address is not ours', [{ ip: '010.0.0.1' }], ['10.0.0.1'], [{ ip: '010.0.0.1' }, own('10.0.0.1')]],
])('%s', (_, present, wanted, expected) => {
  const entries = withOwnEntries(present, wanted.map(addr), isOwn);
  expect(entries).toEqual(expected);
  expect(withOwnEntries(entries, wanted.map(addr), isOwn)).toEqual(entries);
});

const entries = fc.array(
  fc.record(
    {
      ip: fc.constantFrom('10.0.0.1', '10.0.0.2', '2001:db8::1', '192.0.2.9', '198.51.100.7'),
      ipMode: fc.constantFrom('VIP', 'Proxy'),
      hostname: fc.constantFrom('a.example.com', 'b.example.com'),
    },
    { requiredKeys: [] },
  ),
  { maxLength: 6 },
);

test('whatever stands there: each of ours once and in order, each of theirs as it was and in order, each host name', () => {
  const lists = fc.uniqueArray(fc.constantFrom('10.0.0.1', '10.0.0.2', '2001:db8::1'), { maxLength: 3 });
  fc.assert(
    fc.property(entries, lists, (present, wanted) => {
      const after = withOwnEntries(present as LoadBalancerIngress[], wanted.map(addr), isOwn);
      const isOurs = ({ ip }: LoadBalancerIngress): boolean => ip !== undefined && isOwn(parseAddress(ip)!);
      expect(after.filter(isOurs).map(({ ip, ipMode }) => `${ip} ${ipMode}`)).toEqual(wanted.map((ip) => `${ip} VIP`));
      const theirs = present.filter((entry) => !isOurs(entry as LoadBalancerIngress));
      expect(after.filter((entry) => theirs.includes(entry as never))).toEqual(theirs);
      const hosts = (of: readonly { hostname?: string }[]) => of.flatMap(({ hostname }) => hostname ?? []).sort();
      expect(hosts(after)).toEqual(hosts(present));
      expect(withOwnEntries(after, wanted.map(addr), isOwn)).toEqual(after);
    }),
  );
});
