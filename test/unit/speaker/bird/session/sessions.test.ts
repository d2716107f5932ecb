/** Reading `show protocols all`, from what BIRD 2.0.12 and 2.17.5 really said. */
import fc from 'fast-check';
import { ReplyParser } from '../../../../../speaker/bird/reply.ts';
import {
  type ProtocolReport,
  parseProtocols,
  type SessionIdentity,
  sessionReports,
} from '../../../../../speaker/bird/session/sessions.ts';

function reports(text: string) {
  const [event] = new ReplyParser().feed(text);
  if (event?.kind !== 'reply') throw new Error('Cannot go on: this is no whole reply');
  return parseProtocols(event.reply);
}

const NOW_MS = Date.parse('2026-11-21T14:05:09Z');

const identity = (peer: string, disabled = false): SessionIdentity => ({
  peer,
  neighborAddress: '192.0.2.1',
  neighborAs: 64513,
  localAs: 64512,
  disabled,
});

const HEAD = '2002-Name       Proto      Table      State  Since         Info\n';
const TAIL = '0000 \n';

const ESTABLISHED = `1002-skycap_peer_up BGP        ---        up     2026-11-21T14:05:08+0000  Established   
1006-  Description:    BgpPeer up: Routes:  99 exported
     BGP state:          Established
     Neighbor address: 192.0.2.1
     Neighbor AS:      64513
     Local AS:         64512
     Neighbor ID:      192.0.2.254
     Local capabilities
       Multiprotocol
         AF announced: ipv4 ipv6
       Graceful restart
         Restart time: 60
     Session:          external AS4
     Source address:   192.0.2.11
     Hold timer:       79.503/90
     Keepalive timer:  22.667/30
     Send hold timer:  164.832/180
   Channel ipv4
     State:          UP
     Table:          master4
     Routes:         0 imported, 12 exported, 0 preferred
     Route change stats:     received   rejected   filtered    ignored   accepted
       Export updates:             12          0          0        ---         12
     BGP Next hop:   192.0.2.11
   Channel ipv6
     State:          UP
     Routes:         0 imported, 3 exported, 0 preferred
     BGP Next hop:   fd00::11 fe80::b45a:82ff:fed9:38cc
 
`;
const REFUSED = `1002-skycap_peer_refused BGP        ---        start  2026-11-21T14:05:07+0200  Active        Socket: Connection refused
1006-  BGP state:          Active
     Neighbor address: 192.0.2.99
     Connect delay:    0.820/1
     Last error:       Socket: Connection refused
   Channel ipv4
     State:          DOWN
 
`;
const NOT_ADJACENT = `1002-skycap_peer_far BGP        ---        start  2026-11-21T14:05:07+0000  Idle          
1006-  BGP state:          Idle
     Neighbor address: 203.0.113.99
   Channel ipv4
     State:          DOWN
 
`;
const WAITING = NOT_ADJACENT.replace('_far', '_waiting').replace(
  '     Neighbor',
  '     Error wait:       3.1/4\n     Neighbor',
);
const PASSIVE = NOT_ADJACENT.replace('_far', '_passive').replaceAll(' Idle', ' Passive');
const OFF = `1002-skycap_peer_off BGP        ---        down   2026-11-21T14:05:07+0000  
1006-  BGP state:          Down
     Neighbor address: 192.0.2.1
 
`;
const NO_SOCKET = `1002-skycap_peer_port BGP        ---        down   2026-11-21T14:05:07+0000  Error: No listening socket
1006-  BGP state:          Down
 
`;
const ALL = `${HEAD}${ESTABLISHED}${REFUSED}${NOT_ADJACENT}${WAITING}${PASSIVE}${OFF}${NO_SOCKET}${TAIL}`;

const sessionReport = (one: SessionIdentity, all: ReadonlyMap<string, ProtocolReport>, nowMs: number) =>
  sessionReports(one, all, nowMs)[0]!;

describe('sessionReports()', () => {
  it('an established session has all that was agreed on, and nothing that ticks', () => {
    expect(sessionReport(identity('up'), reports(ALL), NOW_MS)).toEqual({
      ...identity('up'),
      state: 'Established',
      since: '2026-11-21T14:05:08Z',
      neighborRouterId: '192.0.2.254',
      holdTimeSeconds: 90,
      keepaliveSeconds: 30,
      routesSent: 15,
    });
  });

  it.each<[string, string, boolean, object]>([
    [
      'a connection refused',
      'refused',
      false,
      {
        state: 'Active',
        lastError: expect.stringMatching(/^Socket: Connection refused: nothing listens at /),
        since: '2026-11-21T12:05:07Z',
      },
    ],
    [
      'a router on no network of the node',
      'far',
      false,
      { state: 'Idle', lastError: expect.stringContaining('set spec.ebgpMultihop') },
    ],
    ['a passive session that waits', 'passive', false, { state: 'Active' }],
    ['one that is disabled', 'off', true, { state: 'Idle', disabled: true }],
    ['a port that is taken', 'port', false, { state: 'Idle', lastError: 'No listening socket' }],
    ['one that BIRD does not know yet', 'new', false, { state: 'Idle', routesSent: 0 }],
  ])('%s', (_, peer, disabled, expected) => {
    expect(sessionReport(identity(peer, disabled), reports(ALL), NOW_MS)).toMatchObject(expected);
  });

  it.each(['waiting', 'passive', 'off', 'new'])('says of no error where BIRD has none: %s', (peer) => {
    expect(sessionReport(identity(peer, peer === 'off'), reports(ALL), NOW_MS)).not.toHaveProperty('lastError');
  });
});

it.each<[string, string, object, string | undefined]>([
  ['that was dialled a moment ago', 'Connect', { seconds: 2 }, undefined],
  ['that does not answer', 'Connect', {}, 'no answer from 192.0.2.1 port 179; the router may be down'],
  [
    'that does not answer, with a password',
    'Connect',
    { hasPassword: true },
    'spec.conf.authPassword may not be the password',
  ],
  ['that does not come', 'Passive', {}, 'no answer from 192.0.2.1, which has not connected'],
  ['that does not come, with a password', 'Passive', { hasPassword: true }, 'may not be the password'],
  ['that is dialled again in a moment', 'Active', {}, undefined],
])('a router %s', (_, state, { seconds = 20, ...more }: { seconds?: number; hasPassword?: boolean }, words) => {
  const text = `${HEAD}${NOT_ADJACENT.replaceAll(' Idle', ` ${state}`)}${TAIL}`;
  const one = { ...identity('far'), neighborPort: 179, ...more };
  const { lastError } = sessionReport(one, reports(text), Date.parse('2026-11-21T14:05:07Z') + seconds * 1000);
  if (words === undefined) expect(lastError).toBeUndefined();
  else expect(lastError).toContain(words);
});

describe('parseProtocols()', () => {
  it('reads the short form, where lines continue one another', () => {
    const short = `${HEAD}1002-skycap_config Device     ---        up     2026-11-21T14:05:07+0000  
 skycap_peer_a BGP        ---        up     2026-11-21T14:05:08+0000  Established   
0000 
`;
    expect([...reports(short).keys()]).toEqual(['skycap_config', 'skycap_peer_a']);
  });

  it('takes any lines without throwing', () => {
    const line = fc.record({
      code: fc.constantFrom(1002, 1006, 0),
      text: fc.oneof(fc.string(), fc.constantFrom(...ALL.split('\n'))),
    });
    fc.assert(fc.property(fc.array(line), (lines) => parseProtocols({ code: 0, text: '', lines }).size >= 0));
  });
});

describe('a session with several paths for a prefix', () => {
  const offers = (ipv4: string, ipv6: string) => `     Neighbor capabilities
       Multiprotocol
         AF announced: ${[ipv4 && 'ipv4', ipv6 && 'ipv6'].join(' ')}
       ADD-PATH
         RX: ${[ipv4, ipv6].map((one, i) => (one === 'many' ? `ipv${i ? 6 : 4}` : '')).join(' ')}
         TX:
     Session: `;
  test.each([
    ['no ADD-PATH', 'one', 'one', true],
    ['ADD-PATH for one family', 'many', 'one', true],
    ['ADD-PATH for both', 'many', 'many', undefined],
    ['ADD-PATH for the only family', 'many', '', undefined],
  ])('says whether the router offers %s', (_, ipv4, ipv6, expected) => {
    const own = 'Local capabilities\n       ADD-PATH\n         RX:\n         TX: ipv4 ipv6\n';
    const text = ESTABLISHED.replace('     Local capabilities\n', `     ${own}`).replace(
      '     Session: ',
      offers(ipv4, ipv6),
    );
    const many = { ...identity('up'), manyPaths: ['ipv4', 'ipv6'] };
    const [report] = sessionReports(many, reports(`${HEAD}${text}${TAIL}`), NOW_MS);
    expect(report?.sendsOnePath).toBe(expected);
    const [plain] = sessionReports(identity('up'), reports(`${HEAD}${text}${TAIL}`), NOW_MS);
    expect(plain).not.toHaveProperty('sendsOnePath');
  });
});
