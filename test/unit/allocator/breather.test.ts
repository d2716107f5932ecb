import { setImmediate as nextTurn } from 'node:timers/promises';
import { Breather } from '../../../allocator/breather.ts';

test('short work is not held up; long work gives way once, and goes on in order', async () => {
  let nowMs = 0;
  const breather = new Breather(() => nowMs);
  expect(breather.pause()).toBeUndefined();
  nowMs = 19;
  expect(breather.pause()).toBeUndefined();
  nowMs = 20;
  const order: string[] = [];
  const go = async (name: string): Promise<void> => {
    const pause = breather.pause();
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
  const breather = new Breather(() => nowMs);
  breather.pause();
  await nextTurn();
  nowMs = 1_000;
  expect(breather.pause()).toBeUndefined();
});
