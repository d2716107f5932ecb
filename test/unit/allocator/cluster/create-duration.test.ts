import fc from 'fast-check';
import {
  ASSUMED_FOR_MS,
  ASSUMED_MS,
  CreateDuration,
  OF_LATE_MS,
} from '../../../../allocator/cluster/create-duration.ts';

test('it is the longest call of the last minute, and at the start of the process the assumption', () => {
  const calls = fc.array(fc.record({ afterMs: fc.nat(30_000), ms: fc.nat(15_000) }), { maxLength: 30 });
  fc.assert(
    fc.property(calls, (all) => {
      let nowMs = 0;
      const duration = new CreateDuration(() => nowMs);
      const ended = [{ atMs: ASSUMED_FOR_MS - OF_LATE_MS, ms: ASSUMED_MS }];
      for (const { afterMs, ms } of all) {
        nowMs += afterMs;
        const ofLate = ended.filter(({ atMs }) => nowMs - atMs < OF_LATE_MS);
        expect(duration.longestMs()).toBe(Math.max(0, ...ofLate.map((one) => one.ms)));
        duration.note(ms);
        ended.push({ atMs: nowMs, ms });
      }
    }),
  );
});
