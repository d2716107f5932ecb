/** The BIRD that tests ask: the one of the machine, or the one that SKYCAP_TEST_BIRD names. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BirdVersion, parseBirdVersion } from '../../speaker/bird/config/version.ts';

export function birdBinary(): string {
  const named = process.env.SKYCAP_TEST_BIRD;
  const candidates = named
    ? [named]
    : (process.env.PATH ?? '')
        .split(':')
        .concat('/usr/sbin')
        .map((dir) => join(dir, 'bird'));
  const found = candidates.find((path) => existsSync(path));
  if (!found)
    throw new Error('Cannot find BIRD: install it with "apt-get install bird2", or name it in SKYCAP_TEST_BIRD');
  return found;
}

export function localBirdVersion(): BirdVersion {
  const { stdout, stderr } = spawnSync(birdBinary(), ['--version'], { encoding: 'utf8' });
  const version = parseBirdVersion(`${stdout}${stderr}`);
  if (!version) throw new Error(`Cannot tell the version of ${birdBinary()}: it said "${stdout}${stderr}"`);
  return version;
}

/** The error of `bird -p` about a configuration; undefined if BIRD accepts it. */
export function birdRefusal(text: string): string | undefined {
  const dir = mkdtempSync(join(tmpdir(), 'skycap-bird-'));
  try {
    const file = join(dir, 'bird.conf');
    writeFileSync(file, text);
    const { status, signal, stdout, stderr } = spawnSync(birdBinary(), ['-p', '-c', file], { encoding: 'utf8' });
    return status === 0 ? undefined : `${stdout}${stderr}${signal ?? ''}`.replaceAll(dir, '') || `status ${status}`;
  } finally {
    rmSync(dir, { recursive: true });
  }
}
