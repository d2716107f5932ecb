/** Which changes of a BgpPeer's status are Events: one for a cause, none for what only counts or has no cause yet. */
import { bgpPeerEvents } from '../../../allocator/status/bgp-peer-events.ts';
import type { Condition } from '../../../lib/api/meta/object.ts';

const established = (status: 'True' | 'False', reason: string, message: string, type = 'Established'): Condition => ({
  type,
  status,
  reason,
  message,
  lastTransitionTime: '2026-01-01T00:00:00Z',
});
const up = established('True', 'SessionsEstablished', '2 of 2 nodes');
const down = (message: string) => established('False', 'SessionsDown', message);
const refused = down('1 of 2 nodes; n2: Active, Socket: Connection refused: nothing listens');

test.each<[string, Condition | undefined, Condition | undefined, string[]]>([
  ['sessions that come up for the first time', undefined, up, []],
  ['sessions without an error yet', undefined, down('0 of 2 nodes; n1, n2: Connect'), []],
  ['sessions that go down for a cause', up, refused, ['Warning SessionsDown']],
  ['a state that changes', refused, down('1 of 2 nodes; n2: Connect, Socket: Connection refused: nothing listens'), []],
  [
    'another node with the same cause',
    refused,
    down('0 of 2 nodes; n1, n2: Active, Socket: Connection refused: nothing listens'),
    [],
  ],
  ['another cause', refused, down('1 of 2 nodes; n2: Active, wrong AS: expected 1'), ['Warning SessionsDown']],
  ['sessions that are back', refused, up, ['Normal SessionsEstablished']],
  ['a router of another BgpPeer', undefined, established('False', 'Overlaps', 'n1: no session'), ['Warning Overlaps']],
  ['a BgpPeer that is switched off', up, established('False', 'PeerDisabled', 'adminDown'), []],
  [
    'a Secret that is missing',
    undefined,
    established('False', 'PasswordNotFound', 'n1: there is no Secret', 'Password'),
    ['Warning PasswordNotFound'],
  ],
  [
    'nodes that no BgpPeer selects',
    undefined,
    established('False', 'NodeNotSelected', 'n3', 'NextHops'),
    ['Warning NodeNotSelected'],
  ],
  [
    'one more such node',
    established('False', 'NodeNotSelected', 'n3', 'NextHops'),
    established('False', 'NodeNotSelected', 'n3, n4', 'NextHops'),
    [],
  ],
])('%s', (_, before, now, expected) => {
  const events = bgpPeerEvents(before && { conditions: [before] }, now && { conditions: [now] });
  expect(events.map(({ type, reason }) => `${type} ${reason}`)).toEqual(expected);
});
