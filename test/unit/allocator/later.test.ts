import { Later } from '../../../allocator/later.ts';

function scene({ waiting = 0 } = {}) {
  const asked: string[] = [];
  const at = { ms: 0 };
  let calls = 0;
  const later = new Later({
    ask: (key) => asked.push(key),
    onPutOff: () => calls++,
    waiting: () => waiting,
    longestMs: 10_000,
    monotonicMs: () => at.ms,
  });
  return { later, asked, at, calls: () => calls };
}

test('what is put off is handed out a little at a time once nobody was published for a while, and may then be done once', () => {
  const { later, asked, at, calls } = scene();
  const keys = ['a', 'b', 'c', 'd', 'e', 'f'];
  later.published();
  for (const key of keys) expect(later.mayNow(key)).toBe(false);
  expect(calls()).toBe(6);
  expect(later.handOut()).toEqual({ againAfterMs: 50 });
  expect(asked).toEqual([]);
  at.ms = 250;
  expect(later.handOut()).toEqual({ againAfterMs: 50 });
  expect(asked).toEqual(['a', 'b', 'c', 'd']);
  expect(later.handOut()).toBeUndefined();
  expect(asked).toEqual(keys);
  expect([later.mayNow('a'), later.mayNow('a')]).toEqual([true, false]);
});

test.each([
  ['Services go on being published', { waiting: 0 }],
  ['Services go on waiting for a worker', { waiting: 3 }],
])('while %s it waits as long as it may, and no longer', (_, options) => {
  const { later, asked, at } = scene(options);
  later.mayNow('a');
  for (at.ms = 0; at.ms < 10_000; at.ms += 50) {
    later.published();
    expect(later.handOut()).toEqual({ againAfterMs: 50 });
  }
  expect(asked).toEqual([]);
  expect(later.handOut()).toBeUndefined();
  expect(asked).toEqual(['a']);
});

test('what is forgotten is not handed out, and what asks again keeps its place', () => {
  const { later, asked, at } = scene();
  for (const key of ['a', 'b', 'a']) later.mayNow(key);
  later.forget('b');
  at.ms = 1_000;
  expect(later.handOut()).toBeUndefined();
  expect(asked).toEqual(['a']);
});
