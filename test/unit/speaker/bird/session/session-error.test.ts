/** A refusal that explains is not replaced by the error of a socket that follows it, and no alternation is a write each time. */
import { explainingError, noAnswer, withRemedy } from '../../../../../speaker/bird/session/session-error.ts';

const SILENT = noAnswer({ neighborAddress: '192.0.2.1', neighborPort: 179, hasPassword: true });

it.each<[string, (string | undefined)[], string | undefined]>([
  ['nothing', [undefined], undefined],
  ['what was told stays', ['Received: Bad peer AS', undefined], 'Received: Bad peer AS'],
  [
    'an error of the socket after a refusal',
    ['Received: Bad peer AS', 'Socket: Connection closed'],
    'Received: Bad peer AS; then Socket: Connection closed',
  ],
  [
    'another error of the socket',
    ['Received: Connection rejected', 'Socket: Connection closed', 'Socket: No route to host'],
    'Received: Connection rejected; then Socket: No route to host',
  ],
  ['another refusal', ['Received: Bad peer AS', 'Received: Cease'], 'Received: Cease'],
  [
    'a refusal after an error of the socket',
    ['Socket: Connection refused', 'BGP Error: Bad peer AS'],
    'BGP Error: Bad peer AS',
  ],
  ['two errors of the socket', ['Socket: Connection refused', 'Socket: No route to host'], 'Socket: No route to host'],
  ['no answer after a refusal', ['Received: Bad peer AS', SILENT], `Received: Bad peer AS; then ${SILENT}`],
  ['a refusal after no answer', [SILENT, 'Received: Bad peer AS'], 'Received: Bad peer AS'],
  [
    'both ends dialled',
    ['Received: Bad peer AS', 'Received: Connection collision resolution'],
    'Received: Bad peer AS; then Received: Connection collision resolution',
  ],
])('%s', (_, errors, expected) => {
  expect(errors.reduce((before, now) => explainingError(now, before), undefined as string | undefined)).toBe(expected);
});

it('one that goes round and round is told once', () => {
  const round = ['Received: Bad peer AS', 'Socket: Connection closed'];
  const told = new Set<string | undefined>();
  let before: string | undefined;
  for (let i = 0; i < 20; i++) {
    before = explainingError(round[i % 2], before);
    told.add(before);
  }
  expect(told.size).toBe(2);
});

it.each([
  ['BGP Error: Bad peer AS', /: wrong AS: expected 64513, the router has another; mend spec\.conf\.peerAs$/],
  ['Received: Bad peer AS', /: wrong AS: the router expects another AS number of this node than 64512; /],
  ['BGP Error: Unacceptable hold time', /spec\.timers\.config\.holdTime/],
  ['Socket: Connection refused', /: nothing listens at 192\.0\.2\.1 port 179 for this node/],
  ['Socket: No route to host', /: 192\.0\.2\.1 can't be reached; .*spec\.conf\.neighborAddress$/],
  ['Error: Link down', /: the node's interface to 192\.0\.2\.1 is down or has lost its network; look at the cable/],
  ['Error: BFD session down', /: no BFD packets came from 192\.0\.2\.1; .* UDP ports 3784 and 4784 are open$/],
  ['Received: Cease', /^Received: Cease$/],
])('what helps against %s', (error, words) => {
  const dialled = { neighborAddress: '192.0.2.1', neighborPort: 179, neighborAs: 64_513, localAs: 64_512 };
  const told = withRemedy(error, dialled);
  expect(told).toMatch(words);
  // The remedy goes where the error goes.
  expect(explainingError('Socket: Connection closed', told)?.startsWith(told)).toBe(/^(BGP|Received)/.test(error));
});
