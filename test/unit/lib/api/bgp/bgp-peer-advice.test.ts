/** A router that two BgpPeers have, and an address that is the nodes' own: told where it can be known, and only there. */
import fc from 'fast-check';
import { bgpPeerAdvice } from '../../../../../lib/api/bgp/bgp-peer-advice.ts';
import { parseBgpPeer } from '../../../../../lib/api/bgp/parse-bgp-peer.ts';
import { type LabelRequirement, matchesLabels, mayBothSelect } from '../../../../../lib/api/meta/label-selector.ts';
import { parseAddress } from '../../../../../lib/net/address.ts';
import { aBgpPeer } from '../../../../support/speaker-builders.ts';

function peer(name: string, spec: Parameters<typeof aBgpPeer>[1] = {}) {
  const parsed = parseBgpPeer(aBgpPeer(name, spec));
  if (!parsed.ok) throw new Error(`Cannot go on: BgpPeer "${name}" is invalid`);
  return parsed.value;
}

const nodes = [{ node: 'n1', address: parseAddress('192.0.2.11')! }];
const rack = (value: string) => ({ nodeSelector: { matchLabels: { rack: value } } });

it.each<[string, ReturnType<typeof peer>, ReturnType<typeof peer>[], RegExp | undefined]>([
  ['alone', peer('a'), [], undefined],
  ['the same object', peer('a'), [peer('a')], undefined],
  ['the same router', peer('b'), [peer('a')], /"192\.0\.2\.1" is the router of BgpPeer a already/],
  [
    'the same router in other letters',
    peer('b', { conf: { neighborAddress: 'FD00::1' } }),
    [peer('a', { conf: { neighborAddress: 'fd00:0::1' } })],
    /of BgpPeer a already/,
  ],
  ['another router', peer('b', { conf: { neighborAddress: '192.0.2.2' } }), [peer('a')], undefined],
  ['another port', peer('b', { transport: { remotePort: 1790 } }), [peer('a')], undefined],
  ['other nodes', peer('b', rack('2')), [peer('a', rack('1'))], undefined],
  ['some of all nodes', peer('b', rack('2')), [peer('a')], /of BgpPeer a already/],
  [
    'a node',
    peer('a', { conf: { neighborAddress: '192.0.2.11' } }),
    [],
    /"192\.0\.2\.11" is node n1; write the router's/,
  ],
  ['loopback', peer('a', { conf: { neighborAddress: '127.0.0.1' } }), [], /"127\.0\.0\.1" is each node itself/],
  [
    'another daemon on each node',
    peer('a', {
      conf: { neighborAddress: '127.0.0.1' },
      transport: { remotePort: 1790 },
      ebgpMultihop: { enabled: true },
    }),
    [],
    undefined,
  ],
  [
    'another daemon on each node, while BIRD has another port than 179',
    peer('a', { conf: { neighborAddress: '127.0.0.1' }, ebgpMultihop: { enabled: true } }),
    [],
    undefined,
  ],
  ['loopback, IPv6', peer('a', { conf: { neighborAddress: '::1' } }), [], /"::1" is each node itself/],
])('%s', (_, one, others, words) => {
  const advice = bgpPeerAdvice(one, others, nodes);
  if (words) expect(advice.join('\n')).toMatch(words);
  else expect(advice).toEqual([]);
});

it('two selectors that some labels match are never said to exclude each other', () => {
  const values = fc.uniqueArray(fc.constantFrom('a', 'b'), { minLength: 1 });
  const requirement = fc.oneof(
    fc.record({ key: fc.constantFrom('k', 'l'), operator: fc.constantFrom('In' as const, 'NotIn' as const), values }),
    fc.record({
      key: fc.constantFrom('k', 'l'),
      operator: fc.constantFrom('Exists' as const, 'DoesNotExist' as const),
      values: fc.constant<string[]>([]),
    }),
  );
  const selector: fc.Arbitrary<LabelRequirement[]> = fc.array(requirement, { maxLength: 2 });
  const labels = fc.dictionary(fc.constantFrom('k', 'l'), fc.constantFrom('a', 'b', 'c'));
  fc.assert(
    fc.property(selector, selector, labels, (a, b, some) => {
      if (matchesLabels(a, some) && matchesLabels(b, some)) expect(mayBothSelect(a, b)).toBe(true);
      expect(mayBothSelect(a, b)).toBe(mayBothSelect(b, a));
    }),
  );
});
