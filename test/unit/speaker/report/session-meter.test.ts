/** The metrics of BIRD's sessions: by BgpPeer, with the numbers that BIRD gives. */

import type { SpeakerSession } from '../../../../lib/api/skycap/speaker-types.ts';
import { createMetrics } from '../../../../lib/process/metrics.ts';
import { peerSymbol } from '../../../../speaker/bird/config/model.ts';
import { parseProtocols } from '../../../../speaker/bird/session/sessions.ts';
import { speakerMetrics } from '../../../../speaker/metrics.ts';
import { type SeenSessions, SessionMeter } from '../../../../speaker/report/session-meter.ts';
import { logSink } from '../../../support/log-sink.ts';

const up: SpeakerSession = {
  ...{ peer: 'a', neighborAddress: '192.0.2.1', neighborAs: 65_001, localAs: 64_512 },
  ...{ state: 'Established', routesSent: 7, disabled: false },
};
const reports = parseProtocols({
  code: 0,
  text: '',
  lines: [
    { code: 1002, text: `${peerSymbol('a')} BGP --- up 2026-01-01T00:00:00+0000 Established` },
    { code: 1006, text: '      Export updates:             12          1          2        ---          9' },
    { code: 1006, text: '      Export withdraws:            2        ---        ---        ---          2' },
    { code: 1006, text: '      Export updates:              3          0          0        ---          3' },
  ],
});

function meter() {
  const registry = createMetrics('test');
  const meter = new SessionMeter(speakerMetrics(registry), logSink().log);
  const note = (sessions: readonly SpeakerSession[], over: Partial<SeenSessions> = {}) =>
    meter.note({ sessions, reports, bfdPeers: new Set(), bfdStates: new Map(), ...over });
  const read = async () => {
    const text = await registry.metrics();
    const lines = text.matchAll(/^skycap_speaker_(sessions?_\w+)\{(.*?),?component="test"\} (\S+)$/gm);
    return Object.fromEntries([...lines].map(([, name, labels, value]) => [`${name}{${labels}}`, Number(value)]));
  };
  return { meter, note, read };
}

test('a session with its routes, and what was sent in all channels', async () => {
  const { note, read } = meter();
  for (let i = 0; i < 2; i += 1) note([up]);
  expect(await read()).toEqual({
    'session_up{peer="a"}': 1,
    'session_routes{peer="a"}': 7,
    'session_updates_total{peer="a",kind="update"}': 12,
    'session_updates_total{peer="a",kind="withdrawal"}': 2,
    'sessions_lost_total{peer="a"}': 0,
  });
});

test('a session that ends is counted once; one with adminDown counts as neither up nor down', async () => {
  const { note, read } = meter();
  note([up]);
  for (let i = 0; i < 2; i += 1) note([{ ...up, state: 'Active', routesSent: 0 }]);
  expect(await read()).toMatchObject({ 'session_up{peer="a"}': 0, 'sessions_lost_total{peer="a"}': 1 });
  note([{ ...up, state: 'Idle', disabled: true }]);
  expect(await read()).not.toHaveProperty('session_up{peer="a"}');
});

test('while BIRD does not answer, no session counts as up', async () => {
  const { meter: sessions, note, read } = meter();
  note([up]);
  sessions.unknown();
  expect(await read()).toMatchObject({ 'session_up{peer="a"}': 0 });
});

test.each([
  ['Up', 1],
  ['Down', 0],
] as const)('BFD that is %s, of a router with a scope', async (state, value) => {
  const { note, read } = meter();
  const bfdStates = new Map([['fe80::1', state]]);
  note([{ ...up, neighborAddress: 'fe80::1%eth0' }], { bfdPeers: new Set(['a']), bfdStates });
  expect(await read()).toMatchObject({ 'session_bfd_up{peer="a"}': value });
});
