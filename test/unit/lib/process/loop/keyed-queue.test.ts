import { setTimeout as sleep } from 'node:timers/promises';
import { KeyedQueue, type KeyedQueueOptions } from '../../../../../lib/process/loop/keyed-queue.ts';
import { until } from '../../../../support/eventually.ts';
import { logSink } from '../../../../support/log-sink.ts';

function queue(act: KeyedQueueOptions['act'], options: Partial<KeyedQueueOptions> = {}) {
  const { log, lines } = logSink();
  const stop = new AbortController();
  const it = new KeyedQueue({ name: 'test', act, log, backoff: { firstMs: 10, capMs: 40 }, ...options });
  return { queue: it, start: () => it.run(stop.signal), stop: () => stop.abort(new Error('enough')), lines };
}

it('works on each key once, in the order of their coming, however often it was added', async () => {
  const done: string[] = [];
  const { queue: q, start, stop } = queue(async (key) => void done.push(key));
  for (const key of ['a', 'b', 'a', 'c', 'b']) q.add(key);
  expect(q.length).toBe(3);
  const running = start();
  await until('all are done', () => done.length === 3);
  expect(done).toEqual(['a', 'b', 'c']);
  stop();
  await running;
});

it('works on a key once more that was added while it was worked on, and on no key twice at a time', async () => {
  const at = new Set<string>();
  const done: string[] = [];
  let most = 0;
  const {
    queue: q,
    start,
    stop,
  } = queue(
    async (key) => {
      expect(at.has(key)).toBe(false);
      at.add(key);
      most = Math.max(most, at.size);
      await sleep(10);
      at.delete(key);
      done.push(key);
    },
    { concurrency: 2 },
  );
  const running = start();
  for (const key of ['a', 'b', 'c']) q.add(key);
  await sleep(3);
  q.add('a');
  await until('all are done', () => done.length === 4);
  expect(done.toSorted()).toEqual(['a', 'a', 'b', 'c']);
  expect(most).toBe(2);
  stop();
  await running;
});

it('tries a key that failed again by itself, and is not held up by it', async () => {
  const done: string[] = [];
  let failures = 0;
  const {
    queue: q,
    start,
    stop,
    lines,
  } = queue(async (key) => {
    if (key === 'bad' && ++failures < 4) throw new Error('not yet');
    done.push(key);
  });
  const running = start();
  q.add('bad');
  q.add('good');
  await until('the good one is done', () => done.includes('good'));
  expect(done).not.toContain('bad');
  await until('the bad one is done', () => done.includes('bad'));
  expect(lines.map((line) => line.level)).toEqual(['warn', 'debug', 'debug']);
  stop();
  await running;
});

it('keeps the earlier of two dates for a key', async () => {
  const done: string[] = [];
  const { queue: q, start, stop } = queue(async (key) => void done.push(key));
  const running = start();
  q.addAfter('a', 60_000);
  q.addAfter('a', 10);
  q.addAfter('a', 60_000);
  await until('it is done', () => done.length === 1, { withinMs: 1_000 });
  stop();
  await running;
});

it('comes back to a key after the time that was asked for', async () => {
  let runs = 0;
  const { queue: q, start, stop } = queue(async () => (++runs < 3 ? { requeueAfterMs: 5 } : undefined));
  const running = start();
  q.add('a');
  await until('three runs', () => runs === 3);
  stop();
  await running;
});

it('comes back later each time in a row that a key cannot go on, and anew after another outcome', async () => {
  const atMs: number[] = [];
  const {
    queue: q,
    start,
    stop,
  } = queue(async () => {
    atMs.push(performance.now());
    return atMs.length === 4 ? { requeueAfterMs: 1 } : { requeueAfterMs: 20, backsOff: true };
  });
  const running = start();
  q.add('a');
  await until('seven runs', () => atMs.length === 7);
  stop();
  await running;
  const [first = 0, second = 0, third = 0, , anew = 0] = atMs.slice(1).map((at, i) => at - (atMs[i] ?? 0));
  expect(second).toBeGreaterThan(35);
  expect(third).toBeGreaterThan(75);
  expect([first > 18, anew > 18]).toEqual([true, true]);
});

it('lets a key rest that asks for it, however often it is added', async () => {
  const atMs: number[] = [];
  const {
    queue: q,
    start,
    stop,
  } = queue(async (key) => {
    atMs.push(performance.now());
    q.add(key);
    await sleep(1);
    return atMs.length < 3 ? { restMs: 40 } : undefined;
  });
  const running = start();
  q.add('a');
  await until('two runs', () => atMs.length === 2);
  q.add('a');
  await until('four runs', () => atMs.length >= 4);
  stop();
  await running;
  const [first = 0, second = 0] = atMs.slice(1).map((at, i) => at - (atMs[i] ?? 0));
  expect([first >= 39, second >= 39]).toEqual([true, true]);
});

it('stops once what is under way has ended, with timers left over', async () => {
  let ended = false;
  const {
    queue: q,
    start,
    stop,
  } = queue(async () => {
    await sleep(20);
    ended = true;
  });
  const running = start();
  q.add('a');
  q.addAfter('b', 60_000);
  await sleep(5);
  stop();
  await running;
  expect(ended).toBe(true);
});
