import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../lab/poll.ts';
import { identityOf, isRunning, kill, killRecorded, readRecord, startDaemon } from '../../lab/processes.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'processes-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const sleeper = (name: string) => ({
  pids: join(folder, 'pids'),
  name,
  log: join(folder, 'log'),
  command: ['sh', '-c', 'echo hello; exec sleep 30'] as const,
});

test('a daemon is recorded, logs to its file, and is ended by its record', async () => {
  const { pids, log } = sleeper('a');
  const identity = await startDaemon({ ...sleeper('a'), command: [...sleeper('a').command] });
  expect(await readRecord(pids, 'a')).toEqual(identity);
  expect(await isRunning(identity)).toBe(true);
  await eventually(async () => (await readFile(log, 'utf8')) === 'hello\n', { what: 'the log', deadlineMs: 5000 });
  await killRecorded(pids, 'a');
  expect(await isRunning(identity)).toBe(false);
  expect(await readRecord(pids, 'a')).toBeUndefined();
});

test('a process that merely has the same id is left alone', async () => {
  const self = (await identityOf(process.pid))!;
  const stranger = { ...self, startedAt: `${Number(self.startedAt) - 1}` };
  expect(await isRunning(stranger)).toBe(false);
  await kill(stranger);
  expect(await isRunning(self)).toBe(true);
});

test('a program that is not there is told by name', async () => {
  const missing = { ...sleeper('x'), command: ['/no/such/program'] as [string] };
  await expect(startDaemon(missing)).rejects.toThrow('Cannot start "/no/such/program"');
});
