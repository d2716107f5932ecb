/** A port that another program has: whom it is said of, when it is tried again, and that nothing is said of a port that is free. */
import type { SpeakerSession } from '../../../../lib/api/skycap/speaker-types.ts';
import { BusyPort } from '../../../../speaker/bird/busy-port.ts';
import { peerSymbol } from '../../../../speaker/bird/config/model.ts';
import type { Listener } from '../../../../speaker/bird/listening.ts';

const signal = new AbortController().signal;
const NGINX: Listener = { address: '0.0.0.0', inode: '7', uid: 33 };
const session: SpeakerSession = {
  peer: 'router',
  neighborAddress: '192.0.2.1',
  neighborAs: 1,
  localAs: 2,
  state: 'Idle',
  routesSent: 0,
  disabled: false,
};
const without: SpeakerSession = { ...session, lastError: 'BGP Error: No listening socket' };
const other: SpeakerSession = { ...session, peer: 'other', state: 'Established' };

function port() {
  const now = { ms: 0, listeners: [NGINX] as readonly Listener[] };
  const sent: string[] = [];
  const busy = new BusyPort({
    control: { command: async (text) => void sent.push(text) as never },
    listenersOn: async () => now.listeners,
    nowMs: () => now.ms,
  });
  const look = async () => (await busy.look([without, other], 179, signal)).map(({ lastError }) => lastError);
  return { now, sent, look, busy };
}
const TAKEN =
  "port 179 of the node is taken by a process of user 33 outside the speaker's pod, which listens on 0.0.0.0; stop it, or set spec.listenPort of the BgpConf; it is tried again by itself";
const enable = `enable ${peerSymbol('router')}`;

test('it is tried at once, when others listen there, and now and then', async () => {
  const { now, sent, look } = port();
  expect(await look()).toEqual([TAKEN, undefined]);
  now.ms = 29_000;
  await look();
  expect(sent).toEqual([enable]);
  now.ms = 30_000;
  await look();
  expect(sent).toEqual([enable, enable]);
  now.listeners = [{ ...NGINX, inode: '8' }];
  await look();
  expect(sent).toHaveLength(3);
});

test('that it is taken is not said at the moment when it is free', async () => {
  const { now, sent, look } = port();
  await look();
  now.listeners = [];
  expect(await look()).toEqual([undefined, undefined]);
  expect(sent).toHaveLength(2);
  // In vain: somebody has it who does not listen.
  expect((await look())[0]).toMatch(/^port 179 of the node is taken; stop it/);
});

test('where all is well nothing is looked at', async () => {
  const { sent, busy } = port();
  const sessions = [other];
  expect(await busy.look(sessions, 179, signal)).toBe(sessions);
  expect(sent).toEqual([]);
});
