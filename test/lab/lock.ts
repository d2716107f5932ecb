/**
 * One preparation at a time on this machine: two runs that build the same image or the same programs would trip over each other's
 * half-made files. flock(1) holds the lock, so that it goes with the process, however that ends.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { cachePath } from './cache.ts';

/** Waits until nobody else prepares, then does `work`. Must not be nested. */
export async function whilePreparing<T>(work: () => Promise<T>): Promise<T> {
  await mkdir(cachePath(), { recursive: true });
  // It holds the lock until its standard input ends, at the latest when this process does.
  const holder = spawn('flock', [cachePath('preparing.lock'), 'sh', '-c', 'echo locked; cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(holder, 'exit');
  try {
    await Promise.race([once(holder.stdout, 'data'), ended]);
    return await work();
  } finally {
    holder.stdin.end();
    await ended;
  }
}
