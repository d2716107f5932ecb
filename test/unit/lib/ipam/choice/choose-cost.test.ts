/** What a choice costs, in large Eips and among many claims. */
import { choose } from '../../../../../lib/ipam/choice/choose.ts';
import type { Taken } from '../../../../../lib/ipam/choice/ledger.ts';
import { addressOf, formatAddress } from '../../../../../lib/net/address.ts';
import { addressRequest, chooseInput, claim, eip, holder, ledgerOf } from '../builders.ts';
import { summary } from './rows.ts';

describe('the cost of a choice', () => {
  /** Counts every question that the choice asks about what is taken. */
  function counted(taken: Taken): { taken: Taken; questions: () => number } {
    let questions = 0;
    const counting = new Proxy(taken, {
      get: (target, property) => {
        const member = Reflect.get(target, property) as (...args: unknown[]) => unknown;
        return (...args: unknown[]) => {
          questions++;
          return member.apply(target, args);
        };
      },
    });
    return { taken: counting, questions: () => questions };
  }

  const sizes = ['198.51.100.0/30', '198.51.100.0/24', '10.0.0.0/8', '0.0.0.0/0', '2001:db8::/64', '2001:db8::/32'];

  it.each(sizes)('is the same in %s', (addresses) => {
    const pool = eip('pool', addresses);
    const { family, first } = pool.range;
    const claims = [0n, 1n].map((i) => claim(addressOf(family, first + i), [holder(`s${i}`)]));
    const { taken, questions } = counted(ledgerOf(...claims));
    const choice = choose(addressRequest({ families: [family] }), chooseInput([pool], claims, { taken }));
    expect(summary(choice)).toContain(`free ${formatAddress(addressOf(family, first + 2n))}`);
    expect(questions()).toBe(1);
  });

  it('does not grow with the number of claims', () => {
    const pool = eip('pool', '10.0.0.0/8');
    const asked = [10, 10_000].map((count) => {
      const claims = Array.from({ length: count }, (_, i) =>
        claim(addressOf(4, pool.range.first + BigInt(i)), [holder(`s${i}`)]),
      );
      const { taken, questions } = counted(ledgerOf(...claims));
      choose(addressRequest(), chooseInput([pool], [], { taken }));
      return questions();
    });
    expect(asked[0]).toBe(asked[1]);
  });
});
