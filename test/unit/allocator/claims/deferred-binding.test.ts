import { DeferredBinding } from '../../../../allocator/claims/deferred-binding.ts';

function scene({ waiting = 0 } = {}) {
  const asked: string[] = [];
  const at = { ms: 0 };
  let calls = 0;
  const deferredBinding = new DeferredBinding({
    ask: (key) => asked.push(key),
    onPutOff: () => calls++,
    waiting: () => waiting,
    longestMs: 10_000,
    monotonicMs: () => at.ms,
  });
  return { deferredBinding, asked, at, calls: () => calls };
}

test('what is put off is handed out a little at a time once nobody was published for a while, and may then be done once', () => {
  const { deferredBinding, asked, at, calls } = scene();
  const keys = ['a', 'b', 'c', 'd', 'e', 'f'];
  deferredBinding.published();
  for (const key of keys) expect(deferredBinding.shouldBindNow(key)).toBe(false);
  expect(calls()).toBe(6);
  expect(deferredBinding.releaseBatch()).toEqual({ requeueAfterMs: 50 });
  expect(asked).toEqual([]);
  at.ms = 250;
  expect(deferredBinding.releaseBatch()).toEqual({ requeueAfterMs: 50 });
  expect(asked).toEqual(['a', 'b', 'c', 'd']);
  expect(deferredBinding.releaseBatch()).toBeUndefined();
  expect(asked).toEqual(keys);
  expect([deferredBinding.shouldBindNow('a'), deferredBinding.shouldBindNow('a')]).toEqual([true, false]);
});

test.each([
  ['Services go on being published', { waiting: 0 }],
  ['Services go on waiting for a worker', { waiting: 3 }],
])('while %s it waits as long as it may, and no longer', (_, options) => {
  const { deferredBinding, asked, at } = scene(options);
  deferredBinding.shouldBindNow('a');
  for (at.ms = 0; at.ms < 10_000; at.ms += 50) {
    deferredBinding.published();
    expect(deferredBinding.releaseBatch()).toEqual({ requeueAfterMs: 50 });
  }
  expect(asked).toEqual([]);
  expect(deferredBinding.releaseBatch()).toBeUndefined();
  expect(asked).toEqual(['a']);
});

test('what is forgotten is not handed out, and what asks again keeps its place', () => {
  const { deferredBinding, asked, at } = scene();
  for (const key of ['a', 'b', 'a']) deferredBinding.shouldBindNow(key);
  deferredBinding.forget('b');
  at.ms = 1_000;
  expect(deferredBinding.releaseBatch()).toBeUndefined();
  expect(asked).toEqual(['a']);
});
