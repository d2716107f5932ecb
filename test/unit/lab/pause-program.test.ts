import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pauseProgram } from '../../lab/pause-program.ts';

test('the program is refused for a machine that the lab does not know', () => {
  expect(() => pauseProgram('mips')).toThrow('Cannot make a pause program for "mips": the lab knows x64 and arm64');
});

test.each([
  ['x64', 62],
  ['arm64', 183],
])('the %s program is an ELF file for machine %d, and its header says its own size', (architecture, machine) => {
  const file = pauseProgram(architecture);
  const view = new DataView(file.buffer);
  expect(Buffer.from(file.slice(0, 4)).toString()).toBe('\x7fELF');
  expect(view.getUint16(18, true)).toBe(machine);
  expect(view.getBigUint64(64 + 32, true)).toBe(BigInt(file.length));
});

test('the kernel runs it, and it sleeps until it is killed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pause-'));
  const path = join(folder, 'pause');
  try {
    await writeFile(path, pauseProgram(process.arch), { mode: 0o755 });
    const child = spawn(path, { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
    expect(await Promise.race([ended, sleep(100, 'still running')])).toBe('still running');
    child.kill('SIGKILL');
    expect(await ended).toBe('SIGKILL');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
