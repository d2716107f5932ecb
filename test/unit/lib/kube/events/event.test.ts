import fc from 'fast-check';
import { eventFor } from '../../../../../lib/kube/events/event.ts';
import { RecentKeys } from '../../../../../lib/kube/events/recent-keys.ts';
import { TokenBucket } from '../../../../../lib/process/loop/token-bucket.ts';

const REPORTER = { controller: 'skycap-allocator', instance: 'pod' };

it('keeps a note within 1024 bytes and whole characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 0, maxLength: 900 }), (note) => {
      const regarding = { kind: 'Eip', metadata: { name: 'web' } };
      const event = eventFor({ regarding, type: 'Normal', reason: 'Ready', action: 'Check', note }, REPORTER, 0, 'u');
      expect(Buffer.byteLength(event.note)).toBeLessThanOrEqual(1024);
      if (Buffer.byteLength(note) <= 1024) expect(event.note).toBe(note);
      else expect(event.note).toBe(`${note.slice(0, event.note.length - 1)}…`);
    }),
  );
});

it('remembers within the window and within its bound', () => {
  const said = new RecentKeys({ windowMs: 100, most: 2 });
  expect([said.isNew('a', 0), said.isNew('a', 99), said.isNew('a', 100)]).toEqual([true, false, true]);
  expect([said.isNew('b', 100), said.isNew('c', 100), said.isNew('a', 101)]).toEqual([true, true, true]);
  expect(said.size).toBe(2);
  said.forget('a');
  expect(said.isNew('a', 102)).toBe(true);
});

it('gives a burst and then a steady rate, whatever the clock does', () => {
  const bucket = new TokenBucket({ burst: 2, perSecond: 10, nowMs: 0 });
  const taken = [0, 0, 0, 100, 100, 50, 150, 200].map((ms) => bucket.take(ms));
  expect(taken).toEqual([true, true, false, true, false, false, false, true]);
});
