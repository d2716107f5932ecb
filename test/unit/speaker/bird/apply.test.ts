/** What becomes of a configuration whose check does not end in order. The rest of it is asked of a real BIRD, in test/real/bird. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BirdDaemon } from '../../../../speaker/bird/apply.ts';
import { BirdControl } from '../../../../speaker/bird/control.ts';

const { signal } = new AbortController();
const config = { text: 'text', frame: 'frame', fingerprint: 'fingerprint' };

let runDir = '';
beforeEach(() => {
  runDir = mkdtempSync(join(tmpdir(), 'skycap-apply-'));
});
afterEach(() => rmSync(runDir, { recursive: true }));

function daemon(): BirdDaemon {
  const control = new BirdControl({ socketPath: join(runDir, 'bird.ctl') });
  return new BirdDaemon({ control, binary: join(runDir, 'bird'), runDir });
}

/** What is run in the place of `bird -p`. */
function checkBy(script: string): void {
  writeFileSync(join(runDir, 'bird'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

it.each([
  ['SIGKILL', 'BirdUnreachable', 'the check was not finished: bird was ended by SIGKILL'],
  ['SIGTERM', 'BirdUnreachable', 'the check was not finished: bird was ended by SIGTERM'],
  ['SIGSEGV', 'BirdRefused', 'bird was ended by SIGSEGV'],
  ['SIGABRT', 'BirdRefused', 'bird was ended by SIGABRT'],
  ['SIGBUS', 'BirdRefused', 'bird was ended by SIGBUS'],
])('ended by %s: %s', async (by, kind, message) => {
  checkBy(`kill -${by.slice(3)} $$`);
  expect(await daemon().apply(config, undefined, signal)).toEqual({ kind, message });
});

it('a file that cannot be written is tried again, and the former one stays', async () => {
  const bird = daemon();
  checkBy('exit 0');
  await bird.apply(config, undefined, signal);
  mkdirSync(join(runDir, 'bird.conf.staged'));
  const next = { ...config, text: 'next', fingerprint: 'next' };
  const message = expect.stringMatching(/^EISDIR: /);
  expect(await bird.apply(next, undefined, signal)).toEqual({ kind: 'NotWritten', message });
  expect(readFileSync(join(runDir, 'bird.conf'), 'utf8')).toBe(config.text);
  rmSync(join(runDir, 'bird.conf.staged'), { recursive: true });
  expect(await bird.apply(next, undefined, signal)).toMatchObject({ kind: 'BirdUnreachable' });
  expect(readFileSync(join(runDir, 'bird.conf'), 'utf8')).toBe('next');
});

it('a check that was killed is made again', async () => {
  const bird = daemon();
  checkBy('kill -KILL $$');
  await bird.apply(config, undefined, signal);
  checkBy('exit 0');
  const message = 'BIRD does not answer on its control socket; the log of container bird may say why';
  expect(await bird.apply(config, undefined, signal)).toEqual({ kind: 'BirdUnreachable', message });
  expect(
    await bird.apply(config, { version: { major: 2, minor: 17, text: '2.17' }, fingerprint: 'fingerprint' }, signal),
  ).toEqual({
    kind: 'Unchanged',
  });
});
