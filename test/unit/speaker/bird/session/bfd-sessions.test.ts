/** Reading `show bfd sessions`, from what BIRD 2.0.12 really said. */
import fc from 'fast-check';
import { ReplyParser } from '../../../../../speaker/bird/reply.ts';
import { parseBfdSessions } from '../../../../../speaker/bird/session/bfd-sessions.ts';

function states(text: string): Record<string, string> {
  const [event] = new ReplyParser().feed(text);
  if (event?.kind !== 'reply') throw new Error('Cannot go on: this is no whole reply');
  return Object.fromEntries(parseBfdSessions(event.reply));
}

const HEAD = `1020-skycap_bfd:
 IP address                Interface  State      Since         Interval  Timeout
`;

it.each<[string, string, Record<string, string>]>([
  [
    'every state, on a link and some hops away, both families',
    `${HEAD} 10.99.0.12                veth0      Up         2026-11-21T20:29:34+0000    0.100    0.300
 10.99.0.77                veth0      Down       2026-11-21T20:29:33+0000    1.000    0.000
 fd00::12                  veth0      Init       2026-11-21T20:29:33+0000    1.000    0.000
 10.98.0.5                 ---        AdminDown  2026-11-21T20:29:33+0000    1.000    0.000
0000 \n`,
    { '10.99.0.12': 'Up', '10.99.0.77': 'Down', 'fd00::12': 'Init', '10.98.0.5': 'AdminDown' },
  ],
  [
    'an address longer than its column, in another spelling',
    `${HEAD} 2001:0db8:0000:1111:2222:3333:4444:5555 eth0  Up  2026-11-21T20:29:34+0000    0.100    0.300\n0000 \n`,
    { '2001:db8:0:1111:2222:3333:4444:5555': 'Up' },
  ],
  ['no session', `${HEAD}0000 \n`, {}],
  ['a protocol that is not up', '1020-skycap_bfd: is not up\n0000 \n', {}],
  ['no protocol', '8003 There is no BFD protocol running\n', {}],
  [
    'states and lines of another version',
    `${HEAD} 10.99.0.12 veth0 Sleeping x 1 1\n Session 7: authentication off\n 10.99.0.13 veth0 Up now 0.1 0.3 more\n0000 \n`,
    { '10.99.0.13': 'Up' },
  ],
])('%s', (_, text, expected) => {
  expect(states(text)).toEqual(expected);
});

it('never throws', () => {
  const line = fc.oneof(
    fc.string(),
    fc.constant('10.0.0.1 eth0 Up x'),
    fc.ipV6().map((ip) => `${ip} a Down`),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const reply = { code: 0, text: '', lines: lines.map((text) => ({ code: 1020, text })) };
      for (const state of parseBfdSessions(reply).values()) expect(['Up', 'Down']).toContain(state);
    }),
  );
});
