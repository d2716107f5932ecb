/** Which lines are written when. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import pino from 'pino';
import { LineWriter } from '../../../../lib/process/line-writer.ts';

const LOG = join(import.meta.dirname, '../../../../lib/process/log.ts');

function setUp() {
  let nowMs = 1_000;
  const writes: string[][] = [];
  let waiting: string[] = [];
  const sink = {
    write: (line: string) => waiting.push(JSON.parse(line).msg),
    flushSync: () => {
      if (waiting.length > 0) writes.push(waiting);
      waiting = [];
    },
  };
  const writer = new LineWriter({ sink, monotonicMs: () => nowMs });
  const pass = (ms: number): void => {
    nowMs += ms;
    jest.advanceTimersByTime(ms);
  };
  return { log: pino({}, writer), writes, pass };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

it('writes a line at once while they are few', () => {
  const { log, writes, pass } = setUp();
  for (const line of ['a', 'b', 'c']) {
    log.info(line);
    pass(250);
  }
  expect(writes).toEqual([['a'], ['b'], ['c']]);
});

it('writes those of a flood together, four times a second', () => {
  const { log, writes, pass } = setUp();
  for (let i = 0; i < 30; i++) {
    log.info(`${i}`);
    pass(20);
  }
  pass(250);
  expect(writes.map((lines) => lines.length)).toEqual([1, 12, 13, 4]);
  expect(writes.flat()).toEqual(Array.from({ length: 30 }, (_, i) => `${i}`));
});

it('writes a warning at once, and what waits before it', () => {
  const { log, writes } = setUp();
  for (const line of ['a', 'b', 'c']) log.info(line);
  log.warn('d');
  expect(writes).toEqual([['a'], ['b', 'c', 'd']]);
});

it.each(['process.exit(0)', 'setTimeout(() => {}, 1)', "throw new Error('a bug')"])(
  'loses no line at the end: %s',
  (end) => {
    const program = `import { createLogger } from ${JSON.stringify(LOG)};
    const log = createLogger({ component: 'test' });
    for (let i = 0; i < 500; i++) log.info({ i }, 'line');
    ${end};`;
    const args = ['--input-type=module', '--eval', `${program}`];
    const { NODE_OPTIONS: _, ...env } = process.env;
    let output = '';
    try {
      output = execFileSync(process.execPath, args, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'ignore'] });
    } catch (error) {
      output = (error as { readonly stdout: string }).stdout;
    }
    expect(
      output
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).i),
    ).toEqual(Array.from({ length: 500 }, (_, i) => i));
  },
);
