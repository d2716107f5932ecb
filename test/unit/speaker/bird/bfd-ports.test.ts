/** UDP ports of BFD that another process has: who has the sockets, what the message names, and when BIRD's protocol is restarted. */
import { BfdPorts, bfdPortState } from '../../../../speaker/bird/bfd-ports.ts';
import { BirdCommandError } from '../../../../speaker/bird/control.ts';
import type { Listener, SocketTable } from '../../../../speaker/bird/listening.ts';
import type { Reply } from '../../../../speaker/bird/reply.ts';

const signal = new AbortController().signal;
const BIRD: Listener = { address: '0.0.0.0', inode: '1', uid: 0 };
const FRR: Listener = { address: '0.0.0.0', inode: '2', uid: 104 };

const reply = (lines: readonly string[]): Reply => ({
  code: 0,
  text: '',
  lines: lines.map((text) => ({ code: 1020, text })),
});
const session = (address: string, link: string, state: string) => `${address} ${link} ${state} 2026-01-01 0.200 0.600`;

function ports() {
  const node = {
    ms: 0,
    sessions: [session('192.0.2.1', 'eth0', 'Down')] as readonly string[],
    sockets: { udp: [BIRD] as readonly Listener[], udp6: [BIRD] as readonly Listener[] },
    canShare: true,
  };
  const [sent, asked]: [string[], string[]] = [[], []];
  const bfd = new BfdPorts({
    control: {
      command: async (text) => {
        if (text !== 'show bfd sessions') sent.push(text);
        return reply(node.sessions);
      },
    },
    listenersOn: async (_, [table]: readonly SocketTable[]) => node.sockets[table as 'udp' | 'udp6'],
    canShareUdpPort: async (port, family) => {
      asked.push(`${port} ${family}`);
      return node.canShare;
    },
    uid: 0,
    nowMs: () => node.ms,
  });
  return { node, sent, asked, look: async () => bfd.look(signal) };
}

it.each([
  ['BirdOnly', 1, true, true],
  ['BirdOnly', 1, false, true],
  ['Shared', 2, true, true],
  ['Shared', 2, false, true],
  ['Taken', 1, false, false],
  // A process has the port in both families with one socket of IPv6.
  ['Taken', 0, false, false],
  ['Closed', 0, false, true],
] as const)('%s: %d sockets, up %s, to share %s', (state, sockets, isUp, canShare) => {
  expect(bfdPortState({ sockets, isUp, canShare })).toBe(state);
});

test('the port is asked for only where no session is up, since a packet may be lost meanwhile', async () => {
  const { node, asked, look } = ports();
  node.sessions = [session('192.0.2.1', 'eth0', 'Up'), session('192.0.2.2', 'eth0', 'Down')];
  expect(await look()).toEqual([]);
  expect(asked).toEqual([]);
  node.sessions = [session('192.0.2.1', 'eth0', 'Up'), session('fd00::9', '---', 'Down')];
  expect(await look()).toEqual([]);
  expect(asked).toEqual(['4784 6']);
});

test('a process of another user is named; of two of the same user nobody knows which is BIRD', async () => {
  const { node, look } = ports();
  node.sockets.udp = [BIRD, FRR];
  expect((await look())?.[0]).toMatch(/^UDP port 3784 of the node, for BFD, is open in another process of user 104 as/);
  node.sockets.udp = [BIRD, { ...BIRD, inode: '3' }];
  expect((await look())?.[0]).toMatch(/is open in another process as well, which may get BIRD's packets; find the/);
  node.sockets.udp = [FRR];
  node.canShare = false;
  expect((await look())?.[0]).toMatch(/is taken by another process of user 104; find the process/);
});

test('without a socket BIRD restarts the protocol, not again at once, and never under a session that is up', async () => {
  const { node, sent, look } = ports();
  node.sockets.udp = [];
  for (const ms of [0, 29_000, 30_000]) {
    node.ms = ms;
    expect(await look()).toEqual([]);
  }
  expect(sent).toEqual(['restart skycap_bfd', 'restart skycap_bfd']);
  node.ms = 90_000;
  node.sessions = [...node.sessions, session('fd00::1', 'eth0', 'Up')];
  expect((await look())?.[0]).toMatch(/^UDP port 3784 .* is free; BIRD opens the port once no BFD session is up$/);
  expect(sent).toHaveLength(2);
});

test('no BFD protocol, no message', async () => {
  const refuse = async () => {
    throw new BirdCommandError('show bfd sessions', { code: 8003, text: 'No BFD protocol running', lines: [] });
  };
  const none = async () => [];
  const bfd = new BfdPorts({
    ...{ control: { command: refuse }, listenersOn: none, canShareUdpPort: async () => true, uid: 0, nowMs: () => 0 },
  });
  expect(await bfd.look(signal)).toBeUndefined();
});
