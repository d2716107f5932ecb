/** How an address moves while its owner lives: a drain, and rebalancing. */
import { decideOwnership } from '../../../../../lib/layer2/decide-owner.ts';
import { ADDRESS, aView, byRank, CORDONED, EXCLUDED } from '../../../../support/layer2-builders.ts';
import { anEip, anEndpoint, aService, aSlice, DRAINING, READY } from '../../../../support/speaker-builders.ts';
import { decided, first, has, NAMES, second, third, yields } from './decided.ts';

describe('a node that is being drained', () => {
  const slices = [aSlice([anEndpoint(first, DRAINING), anEndpoint(second, READY)])];
  const drained = { ...has, ...CORDONED };

  it('hands over, and goes on until another one has it', () => {
    expect(decided({ [first]: drained }, { slices })).toEqual([
      'hold HandingOver (2)',
      'take OwnerLeaves (1)',
      'ignore OwnedElsewhere (2)',
    ]);
    expect(decided({ [first]: { ...drained, ...yields }, [second]: has }, { slices })[0]).toBe(
      'release OwnedElsewhere (2)',
    );
  });

  it('hands over what has no endpoint there, too', () => {
    const services = [aService({ name: 'elsewhere', ips: [ADDRESS] }), aService({ ips: ['198.51.100.8'] })];
    expect(decided({ [first]: drained }, { services, slices })[0]).toBe('hold HandingOver (2)');
  });

  it('keeps it while nobody else may have it', () => {
    const others = { [second]: EXCLUDED, [third]: { live: false } };
    expect(decided({ [first]: drained, ...others }, { slices })[0]).toBe('hold Announced');
    expect(decided({ [first]: CORDONED, ...others }, { slices })[0]).toBe('probe NoOwner');
  });

  it('is cordoned: a pod that is replaced elsewhere moves nothing', () => {
    expect(decided({ [first]: has }, { slices })[0]).toBe('hold Announced');
  });
});

describe('rebalance', () => {
  const eips = [anEip('v4', { protocol: 'layer2', rebalance: true })];
  const rebalancing = { eips, settled: true };

  it('the first takes back what it is to have, and who had it sees that', () => {
    expect(decided({ [third]: has }, rebalancing)).toEqual([
      'take Rebalanced (3)',
      'ignore OwnedElsewhere (3)',
      'hold Announced (1)',
    ]);
    expect(decided({ [first]: has, [third]: yields }, rebalancing)).toEqual([
      'hold Announced',
      'ignore OwnedElsewhere (1)',
      'release OwnedElsewhere (1)',
    ]);
  });

  it('not from a node that is only cordoned', () => {
    const all = decided({ [first]: { ...has, ...CORDONED } }, rebalancing);
    expect(all).toEqual(['hold Announced', 'ignore OwnedElsewhere (1)', 'ignore OwnedElsewhere (1)']);
  });

  it('not from a node that is only cordoned, whatever the object of a dead one says', () => {
    const nodes = { [second]: { ...has, live: false }, [third]: { ...has, ...CORDONED } };
    expect(decided(nodes, rebalancing)[0]).toBe('ignore OwnedElsewhere (3)');
  });

  it.each([
    ['not before the node has been there for a while', { ...rebalancing, settled: false }],
    ['not where the Eip does not ask for it', { settled: true }],
  ])('%s', (_, options) => {
    expect(decided({ [third]: has }, options)[0]).toBe('ignore OwnedElsewhere (3)');
  });

  const many = Array.from({ length: 60 }, (_, i) => `198.51.100.${i + 1}`);
  const services = many.map((ip, i) => aService({ name: `s-${i}`, ips: [ip] }));

  it('one after the other, each without a moment in which nobody has it', () => {
    const holds = new Map<string, Set<string>>([
      [first, new Set()],
      [second, new Set()],
      [third, new Set(many)],
    ]);
    let rounds = 0;
    const yielded = new Map(NAMES.map((name) => [name, new Set<string>()]));
    for (let moved = 1; moved > 0; rounds++) {
      moved = 0;
      for (const self of NAMES) {
        const nodes = Object.fromEntries(
          [...holds].map(([name, set]) => [name, { holds: [...set], yields: [...yielded.get(name)!] }]),
        );
        const taken = decideOwnership(aView({ ...rebalancing, services, nodes, self }));
        const moves = taken.filter(({ action }) => action === 'take' || action === 'release');
        expect(moves.filter(({ action }) => action === 'take').length).toBeLessThanOrEqual(1);
        for (const { text, action } of moves) holds.get(self)![action === 'take' ? 'add' : 'delete'](text);
        yielded.set(
          self,
          new Set(taken.flatMap(({ text, action, other }) => (action === 'hold' && other ? [text] : []))),
        );
        for (const text of many) expect([...holds.values()].some((set) => set.has(text))).toBe(true);
        moved += moves.length;
      }
    }
    for (const text of many) {
      expect([...holds].flatMap(([name, set]) => (set.has(text) ? [name] : []))).toEqual([byRank(NAMES, text)[0]]);
    }
    expect(rounds).toBeGreaterThan(10);
  });

  it('does not wait for a dead node to let go', () => {
    const own = { holds: [many[0]!], yields: [many[0]!] };
    const nodes = { [first]: own, [second]: { holds: many }, [third]: { holds: many, live: false } };
    const decisions = decideOwnership(aView({ ...rebalancing, services, nodes, self: first }));
    expect(decisions.filter(({ reason }) => reason === 'Rebalanced')).toHaveLength(1);
  });
});
