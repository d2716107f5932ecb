/** When a notice is given and taken back, and when it counts. */
import { nextNotices, standingNotices } from '../../../../../speaker/l2/ownership/notices.ts';

const A = '198.51.100.7';

it.each<[string, { said: string[]; heard: string[]; wanted: string[]; holds?: string[] }, string[], string[]]>([
  ['given at once, and counts when it was heard', { said: [], heard: [], wanted: [A] }, [A], []],
  ['stands', { said: [A], heard: [A], wanted: [A] }, [A], [A]],
  ['taken back', { said: [A], heard: [A], wanted: [] }, [], [A]],
  ['not taken back before it was heard', { said: [A], heard: [], wanted: [] }, [A], []],
  ['not given anew before it was heard that it was taken back', { said: [], heard: [A], wanted: [A] }, [], []],
  ['goes with the address', { said: [A], heard: [A], wanted: [A], holds: [] }, [], [A]],
])('%s', (_, { said, heard, wanted, holds = [A] }, next, standing) => {
  const input = { holds, said: new Set(said), heard: new Set(heard), wanted: new Set(wanted) };
  expect([...nextNotices(input)]).toEqual(next);
  expect([...standingNotices(input.said, input.heard)]).toEqual(standing);
});
