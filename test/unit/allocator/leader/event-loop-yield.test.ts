import { setImmediate as nextTurn } from 'node:timers/promises';
import { EventLoopYield } from '../../../../allocator/leader/event-loop-yield.ts';

test('short work is not held up; long work gives way once, and goes on in order', async () => {
  let nowMs = 0;
  const eventLoopYield = new EventLoopYield(() => nowMs);
  expect(eventLoopYield.pause()).toBeUndefined();
  nowMs = 19;
  expect(eventLoopYield.pause()).toBeUndefined();
  nowMs = 20;
  const order: string[] = [];
  const go = async (name: string): Promise<void> => {
    const pause = eventLoopYield.pause();
    if (pause) await pause;
    order.push(name);
  };
  const all = [go('a'), go('b')];
  expect(order).toEqual([]);
  await Promise.all(all);
  expect(order).toEqual(['a', 'b']);
});

test('after a turn of the event loop the count starts anew', async () => {
  let nowMs = 0;
  const eventLoopYield = new EventLoopYield(() => nowMs);
  eventLoopYield.pause();
  await nextTurn();
  nowMs = 1_000;
  expect(eventLoopYield.pause()).toBeUndefined();
});
