/** The thread in its process: it keeps that from nothing, least of all from ending. */
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Daemon } from '../../support/daemon.ts';
import { until } from '../../support/eventually.ts';
import { Pair } from './support/segment.ts';

const PROGRAM = join(import.meta.dirname, 'support/responder-process.ts');
const logFile = join(tmpdir(), `skycap-responder-${process.pid}.log`);

afterEach(() => rmSync(logFile, { force: true }));

function start(pair: Pair, how: string, wrapper: readonly string[] = []): Daemon {
  const args = ['netns', 'exec', pair.node, ...wrapper, process.execPath, PROGRAM, how];
  return new Daemon({
    name: 'responder',
    command: '/usr/sbin/ip',
    args,
    logFile,
    env: { ...process.env, NODE_OPTIONS: '' },
  });
}

it.each([
  ['closed, as the speaker is', 'close', 'exited with code 0'],
  ['left as it is, as a process that fails leaves it', 'exit', 'exited with code 3'],
])('a process ends when its responder is %s', async (_, how, expected) => {
  await using pair = new Pair();
  const daemon = start(pair, how);
  try {
    await until('the responder at work', () => daemon.tail().includes('answering'));
    daemon.signal('SIGTERM');
    await until('the end of the process', () => daemon.exited !== undefined);
    expect(daemon.exited).toBe(expected);
  } finally {
    await daemon.kill();
  }
});

it('without the right to packet sockets it says so, and shows no link', async () => {
  await using pair = new Pair();
  const daemon = start(pair, 'close', ['setpriv', '--bounding-set=-net_raw', '--inh-caps=-net_raw']);
  try {
    await until('the word about it', () => daemon.tail().includes('NET_RAW'));
    daemon.signal('SIGTERM');
    await until('the end of the process', () => daemon.exited !== undefined);
    expect(daemon.tail()).not.toContain('answering');
  } finally {
    await daemon.kill();
  }
});
