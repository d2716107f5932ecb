/** When a notice is given and taken back, and when it counts. */
import { nextNotices, standingNotices } from '../../../../../speaker/l2/ownership/notices.ts';

const A = '198.51.100.7';

it.each<[string, { written: string[]; observed: string[]; wanted: string[]; holds?: string[] }, string[], string[]]>([
  ['given at once, and counts when it was heard', { written: [], observed: [], wanted: [A] }, [A], []],
  ['stands', { written: [A], observed: [A], wanted: [A] }, [A], [A]],
  ['taken back', { written: [A], observed: [A], wanted: [] }, [], [A]],
  ['not taken back before it was heard', { written: [A], observed: [], wanted: [] }, [A], []],
  ['not given anew before it was heard that it was taken back', { written: [], observed: [A], wanted: [A] }, [], []],
  ['goes with the address', { written: [A], observed: [A], wanted: [A], holds: [] }, [], [A]],
])('%s', (_, { written, observed, wanted, holds = [A] }, next, standing) => {
  const input = { holds, written: new Set(written), observed: new Set(observed), wanted: new Set(wanted) };
  expect([...nextNotices(input)]).toEqual(next);
  expect([...standingNotices(input.written, input.observed)]).toEqual(standing);
});
