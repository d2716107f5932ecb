/** Which conflicts are worth telling people of. */
import { parseAddress } from '../../../../lib/net/address.ts';
import { ConflictsSeen } from '../../../../speaker/l2/conflicts-seen.ts';

const other = { address: parseAddress('198.51.100.7')!, interface: 'eth0', mac: 0x0200_0000_0009 };

it.each<[string, readonly number[], readonly boolean[]]>([
  ['one that is over at once', [0], [false]],
  ['one that lasts is told of once', [0, 1_000, 2_000, 3_000, 4_000], [false, false, true, false, false]],
  ['one that comes back after it was over is another', [0, 2_000, 40_000, 42_000], [false, true, false, true]],
])('%s', (_, times, told) => {
  const seen = new ConflictsSeen();
  expect(times.map((ms) => seen.note(other, ms))).toEqual(told);
});

it('lists those that go on', () => {
  const seen = new ConflictsSeen();
  const another = { ...other, mac: 0x0200_0000_000a };
  for (const ms of [0, 2_500]) seen.note(other, ms);
  seen.note(another, 2_500);
  expect(seen.lasting(2_600)).toEqual([other]);
  expect(seen.lasting(40_000)).toEqual([]);
});
