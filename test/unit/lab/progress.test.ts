import { Writable } from 'node:stream';
import { jest } from '@jest/globals';
import { consoleProgress } from '../../lab/progress.ts';

function recorder(isTTY: boolean): { stream: NodeJS.WriteStream; text: () => string } {
  let written = '';
  const writable = new Writable({
    write(chunk, _encoding, done) {
      written += chunk;
      done();
    },
  });
  return {
    stream: Object.assign(writable, { isTTY, columns: 40 }) as unknown as NodeJS.WriteStream,
    text: () => written,
  };
}

beforeEach(() => jest.useFakeTimers({ now: 0 }));
afterEach(() => jest.useRealTimers());

test('a log gets one line a step, and one now and then while it lasts', async () => {
  const { stream, text } = recorder(false);
  const result = consoleProgress(stream).step('images', async (note) => {
    note('building');
    await jest.advanceTimersByTimeAsync(20_000);
    return 7;
  });
  expect(await result).toBe(7);
  expect(text()).toBe('  15.0 s  images: building …\n  20.0 s  images\n');
});

test('a terminal gets one line that moves and never wraps', async () => {
  const { stream, text } = recorder(true);
  await consoleProgress(stream).step('images', async (note) => {
    note('x'.repeat(100));
    await jest.advanceTimersByTimeAsync(1_000);
  });
  const drawn = text().split('\r\u001b[2K');
  expect(drawn.at(-1)).toBe('   1.0 s  images\n');
  expect(Math.max(...drawn.map((line) => line.length))).toBeLessThan(40);
});

test('a step that fails says so and passes the failure on', async () => {
  const { stream, text } = recorder(false);
  const failing = consoleProgress(stream).step('images', () => Promise.reject(new Error('no space')));
  await expect(failing).rejects.toThrow('no space');
  expect(text()).toBe('   0.0 s  images: failed\n');
});
