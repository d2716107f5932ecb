import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { LevelLoop, type LevelLoopOptions } from '../../../../../lib/process/loop/level-loop.ts';
import { until } from '../../../../support/eventually.ts';
import { logSink } from '../../../../support/log-sink.ts';

const FAST = { firstMs: 10, capMs: 40 };

function loop(act: LevelLoopOptions['act'], options: Partial<LevelLoopOptions> = {}) {
  const { log, lines } = logSink();
  const stop = new AbortController();
  const it = new LevelLoop({ name: 'test', act, log, backoff: FAST, ...options });
  return {
    trigger: () => it.trigger(),
    running: it.run(stop.signal),
    stop: () => stop.abort(new Error('enough')),
    lines,
  };
}

it('acts at once on the first trigger, and not without one', async () => {
  let runs = 0;
  const { trigger, running, stop } = loop(async () => void runs++);
  await sleep(20);
  expect(runs).toBe(0);
  trigger();
  await until('the run', () => runs === 1, { everyMs: 1 });
  stop();
  await running;
});

it('runs once more for all that came while it ran, never twice at a time', async () => {
  let runs = 0;
  let at = 0;
  let most = 0;
  const { trigger, running, stop } = loop(async () => {
    most = Math.max(most, ++at);
    runs++;
    await sleep(20);
    at--;
  });
  for (let i = 0; i < 10; i++) trigger();
  await until('the first run is under way', () => runs === 1, { everyMs: 1 });
  for (let i = 0; i < 10; i++) trigger();
  await until('the second run is over', () => runs === 2 && at === 0, { everyMs: 1 });
  await sleep(50);
  expect([runs, most]).toEqual([2, 1]);
  stop();
  await running;
});

it('has acted on the last state after any sequence of changes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.record({ waitMs: fc.nat(3), actMs: fc.nat(3) }), { maxLength: 15 }), async (steps) => {
      let state = 0;
      let actedOn = 0;
      let actMs = 0;
      const { trigger, running, stop } = loop(async () => {
        const seen = state;
        await sleep(actMs);
        actedOn = seen;
      });
      for (const step of steps) {
        await sleep(step.waitMs);
        actMs = step.actMs;
        state++;
        trigger();
      }
      await until('the last state is acted on', () => actedOn === state, { withinMs: 1_000, everyMs: 1 });
      stop();
      await running;
    }),
    { numRuns: 20 },
  );
});

it('tries again by itself after a failure, later each time, and says so once', async () => {
  const at: number[] = [];
  const { trigger, running, stop, lines } = loop(
    async () => {
      at.push(performance.now());
      if (at.length < 5) throw new Error('not yet');
    },
    { random: () => 0.999 },
  );
  trigger();
  await until('five runs', () => at.length === 5, { everyMs: 2 });
  await until('the end is told', () => lines.length >= 5);
  const gaps = at.slice(1).map((time, i) => time - at[i]!);
  // A timer may be late, never early (but for its rounding).
  for (const [i, ms] of [10, 20, 40, 40].entries()) expect(gaps[i]!).toBeGreaterThan(ms - 2);
  expect(lines.map((line) => `${line.level} ${line.msg}`)).toEqual([
    'warn loop failed and will try again',
    'debug loop failed and will try again',
    'debug loop failed and will try again',
    'debug loop failed and will try again',
    'info loop recovered',
  ]);
  stop();
  await running;
});

it('lets a trigger cut a long back-off short', async () => {
  let runs = 0;
  const backoff = { firstMs: 60_000, capMs: 60_000 };
  const act = async () => {
    if (++runs === 1) throw new Error('not yet');
  };
  const { trigger, running, stop } = loop(act, { backoff });
  trigger();
  await until('the first run', () => runs === 1);
  trigger();
  await until('the second run', () => runs === 2, { withinMs: 1_000 });
  stop();
  await running;
});

it('comes back after the time that the action asks for, or earlier when triggered', async () => {
  let runs = 0;
  const { trigger, running, stop } = loop(async () => ({ requeueAfterMs: ++runs === 1 ? 20 : 60_000 }));
  trigger();
  await until('the second run', () => runs === 2, { withinMs: 1_000 });
  trigger();
  await until('the third run', () => runs === 3, { withinMs: 1_000 });
  stop();
  await running;
});

it.each([
  ['while it waits', async () => {}, false],
  [
    'while it acts',
    async (signal: AbortSignal) => void (await sleep(60_000, undefined, { signal }).catch(() => {})),
    true,
  ],
  ['during a back-off', async () => Promise.reject(new Error('no')), true],
])('stops at once %s', async (_, act, triggered) => {
  const { trigger, running, stop } = loop(act, { backoff: { firstMs: 60_000, capMs: 60_000 } });
  if (triggered) trigger();
  await sleep(10);
  stop();
  await running;
});
