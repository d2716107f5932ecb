/** Who loses races chooses elsewhere; who does not takes the lowest. */
import { choose } from '../../../../../lib/ipam/choice/choose.ts';
import { Contention } from '../../../../../lib/ipam/claims/contention.ts';
import { formatAddress } from '../../../../../lib/net/address.ts';
import { addressRequest, chooseInput, claim, eip, holder } from '../builders.ts';

function setUp() {
  let nowMs = 10_000;
  let random = 0.999;
  return {
    contention: new Contention({ monotonicMs: () => nowMs, random: () => random }),
    pass: (ms: number) => {
      nowMs += ms;
    },
    setRandom: (value: number) => {
      random = value;
    },
  };
}

it('leaves none to others while nobody is quicker, nor after one lost race', () => {
  const { contention } = setUp();
  expect(contention.passOver('web')).toBe(0);
  contention.lost('web');
  expect(contention.passOver('web')).toBe(0);
});

it.each([
  [2, 3],
  [3, 15],
  [4, 63],
  [5, 255],
  [50, 255],
])('after %d lost races leaves %d at most', (races, most) => {
  const { contention, setRandom } = setUp();
  for (let i = 0; i < races; i++) contention.lost('web');
  expect(contention.passOver('web')).toBe(most);
  setRandom(0);
  expect(contention.passOver('web')).toBe(0);
});

it('forgets one lost race a second, however many there were', () => {
  const { contention, pass } = setUp();
  for (let i = 0; i < 50; i++) contention.lost('web');
  const left = [1, 2, 3, 4, 5].map(() => {
    pass(1_000);
    return contention.passOver('web');
  });
  expect(left).toEqual([63, 15, 3, 0, 0]);
});

it('knows the Eips apart', () => {
  const { contention } = setUp();
  for (let i = 0; i < 5; i++) contention.lost('web');
  expect(contention.passOver('db')).toBe(0);
});

it('what is passed over are free addresses; in a pool with fewer the count begins again', () => {
  const taken = ['10.0.0.1', '10.0.0.3'].map((address) => claim(address, [holder(address)]));
  const given = [0, 1, 2, 3, 4, 5, 6, 255].map((passed) => {
    const at = chooseInput([eip('web', '10.0.0.0/29')], taken, { passOver: () => passed });
    const choice = choose(addressRequest(), at);
    return choice.kind === 'assigned' && formatAddress(choice.given[0]!.address);
  });
  expect(given).toEqual([
    '10.0.0.0',
    '10.0.0.2',
    '10.0.0.4',
    '10.0.0.5',
    '10.0.0.6',
    '10.0.0.7',
    '10.0.0.0',
    '10.0.0.5',
  ]);
});
