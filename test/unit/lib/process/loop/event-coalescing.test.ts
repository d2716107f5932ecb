import { setImmediate as turn } from 'node:timers/promises';
import { EventCoalescing } from '../../../../../lib/process/loop/event-coalescing.ts';

/** Time that passes by sleeping and by what is said to pass. */
class Thread {
  nowMs = 0;
  readonly sleptAtMs: number[] = [];
  readonly gathering = new EventCoalescing({
    monotonicMs: () => this.nowMs,
    sleep: (ms) => {
      this.sleptAtMs.push(this.nowMs);
      this.nowMs += ms;
    },
  });

  /** One turn of the event loop in which `count` events come. */
  async hear(count: number): Promise<void> {
    for (let i = 0; i < count; i++) this.gathering.heard();
    await turn();
  }
}

test('few do not wait: 100 at once, and 50 a second for ever', async () => {
  const thread = new Thread();
  await thread.hear(100);
  for (let i = 0; i < 200; i++) {
    thread.nowMs += 40;
    await thread.hear(2);
  }
  expect(thread.sleptAtMs).toEqual([]);
});

test('in a flood the thread sleeps once a turn, however many came in it', async () => {
  const thread = new Thread();
  await thread.hear(101);
  expect(thread.sleptAtMs).toEqual([0]);
  // 80 a second: it stays a flood, though its events come together now.
  for (let i = 0; i < 20; i++) await thread.hear(4);
  expect(thread.sleptAtMs).toHaveLength(21);
});

test('it sleeps when the turn is over, so that the events are acted on before', async () => {
  const thread = new Thread();
  for (let i = 0; i < 110; i++) thread.gathering.heard();
  await Promise.resolve();
  expect(thread.sleptAtMs).toEqual([]);
  await turn();
  expect(thread.sleptAtMs).toEqual([0]);
});

test('a flood that is over is forgotten', async () => {
  const thread = new Thread();
  await thread.hear(200);
  thread.nowMs += 10_000;
  await thread.hear(100);
  expect(thread.sleptAtMs).toEqual([0]);
});

test('the thread really sleeps', async () => {
  const gathering = new EventCoalescing({ monotonicMs: () => 0 });
  for (let i = 0; i < 101; i++) gathering.heard();
  const startedMs = performance.now();
  await turn();
  expect(performance.now() - startedMs).toBeGreaterThan(40);
});
