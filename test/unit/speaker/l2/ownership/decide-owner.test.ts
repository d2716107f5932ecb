/** Who has an address: a row for each rule. */
import { decideOwnership } from '../../../../../speaker/l2/ownership/decide-owner.ts';
import {
  ADDRESS,
  aView,
  byRank,
  CORDONED,
  EXCLUDED,
  IN_MAINTENANCE,
  type NodeOptions,
  type ViewOptions,
} from '../../../../support/layer2-builders.ts';
import {
  anEip,
  anEndpoint,
  aService,
  aSlice,
  DRAINING,
  NOT_READY,
  READY,
} from '../../../../support/speaker-builders.ts';

const NAMES = ['node-1', 'node-2', 'node-3'];
/** By rank: the first has the address where nothing else counts. */
const [first, second, third] = byRank(NAMES) as [string, string, string];
const has = { holds: [ADDRESS] };
/** It has it, and has said that it gives it up. */
const yields = { ...has, yields: [ADDRESS] };

/** `action reason` of each node in the order of rank; `/other` where the decision names one. */
function decided(nodes: Readonly<Record<string, NodeOptions>>, options: ViewOptions = {}): string[] {
  const all = { [first]: {}, [second]: {}, [third]: {}, ...nodes };
  return [first, second, third].map((self) => {
    // For itself a node always lives.
    const own = { ...all, [self]: { ...all[self], live: true } };
    const [decision] = decideOwnership(aView({ ...options, nodes: own, self }));
    if (!decision) return 'nothing';
    const { action, reason, other } = decision;
    return [action, reason, ...(other ? [`(${[first, second, third].indexOf(other) + 1})`] : [])].join(' ');
  });
}

const cases: [string, Record<string, NodeOptions>, ViewOptions, string[]][] = [
  [
    'nobody has it: the first asks',
    {},
    {},
    ['probe NoOwner', 'ignore OwnedElsewhere (1)', 'ignore OwnedElsewhere (1)'],
  ],
  [
    'nobody has it, and nobody answered',
    {},
    { probed: { [ADDRESS]: 'free' } },
    ['take NoOwner', 'ignore OwnedElsewhere (1)', 'ignore OwnedElsewhere (1)'],
  ],
  [
    'nobody of ours has it, and somebody answered',
    {},
    { probed: { [ADDRESS]: 'answered' } },
    ['ignore AddressConflict', 'ignore OwnedElsewhere (1)', 'ignore OwnedElsewhere (1)'],
  ],
  [
    'who has it keeps it, whatever its rank',
    { [third]: has },
    {},
    ['ignore OwnedElsewhere (3)', 'ignore OwnedElsewhere (3)', 'hold Announced'],
  ],
  [
    'two have it: the higher rank keeps it',
    { [second]: has, [third]: yields },
    {},
    ['ignore OwnedElsewhere (2)', 'hold Announced', 'release OwnedElsewhere (2)'],
  ],
  [
    'two have it: the lower rank says first that it gives it up',
    { [second]: has, [third]: has },
    {},
    ['ignore OwnedElsewhere (2)', 'hold Announced', 'hold HandingOver (2)'],
  ],
  [
    'two have it, and both have said that they give it up: neither lets go, and the one that may keeps it',
    { [second]: { ...yields, ...EXCLUDED }, [third]: yields },
    {},
    ['ignore OwnedElsewhere (3)', 'hold HandingOver (1)', 'hold Announced'],
  ],
  [
    'two have it, and the higher rank has said that it gives it up: the other one keeps it, whatever it has said',
    { [second]: yields, [third]: yields },
    {},
    ['ignore OwnedElsewhere (2)', 'hold Announced', 'hold Announced'],
  ],
  [
    'two have it, and the higher rank was not heard: it may be dead, and both go on',
    { [second]: { ...has, heard: false }, [third]: has },
    {},
    ['ignore OwnedElsewhere (2)', 'hold Announced', 'hold OwnerLost'],
  ],
  [
    'one that was not heard has it, and who has it ends: goes on',
    { [first]: { ...has, heard: false }, [third]: { ...has, stopping: true } },
    {},
    ['hold Announced', 'ignore OwnedElsewhere (1)', 'hold HandingOver (1)'],
  ],
  [
    'who has it seems dead: the next one asks; who is not dead goes on',
    { [first]: { ...has, live: false } },
    {},
    ['hold Announced', 'probe OwnerLost (1)', 'ignore OwnedElsewhere (2)'],
  ],
  [
    'who had it does not answer',
    { [first]: { ...has, live: false } },
    { probed: { [ADDRESS]: 'free' } },
    ['hold Announced', 'take OwnerLost (1)', 'ignore OwnedElsewhere (2)'],
  ],
  [
    'who seemed dead answers',
    { [first]: { ...has, live: false } },
    { probed: { [ADDRESS]: 'answered' } },
    ['hold Announced', 'ignore OwnerResponding (1)', 'ignore OwnedElsewhere (2)'],
  ],
  [
    'it was taken over from a dead node, whose object still says that it has it',
    { [first]: { ...has, live: false }, [third]: has },
    {},
    ['hold Announced', 'ignore OwnedElsewhere (3)', 'hold Announced'],
  ],
  [
    'who has it ends: the next one takes it without asking, and who has it goes on until then',
    { [first]: { ...has, stopping: true } },
    {},
    ['hold HandingOver (2)', 'take OwnerLeaves (1)', 'ignore OwnedElsewhere (2)'],
  ],
  [
    'who ended has handed over',
    { [first]: { ...yields, stopping: true }, [second]: has },
    {},
    ['release OwnedElsewhere (2)', 'hold Announced', 'ignore OwnedElsewhere (2)'],
  ],
  [
    'who ended is not seen any more, as it said',
    { [first]: { ...has, stopping: true, live: false } },
    {},
    ['hold HandingOver (2)', 'take OwnerLeaves (1)', 'ignore OwnedElsewhere (2)'],
  ],
  [
    'who has it is excluded',
    { [first]: { ...has, ...EXCLUDED } },
    {},
    ['hold HandingOver (2)', 'take OwnerLeaves (1)', 'ignore OwnedElsewhere (2)'],
  ],
  [
    'the interface of who has it went down',
    { [first]: { ...has, unable: ['v4'] } },
    {},
    ['hold HandingOver (2)', 'take OwnerLeaves (1)', 'ignore OwnedElsewhere (2)'],
  ],
  [
    'who has it is excluded, another had it, too, and was suspected just now: asked all the same',
    { [first]: { ...has, ...EXCLUDED }, [third]: { ...has, live: false, heard: true } },
    {},
    ['hold HandingOver (2)', 'probe OwnerLost (3)', 'hold Announced'],
  ],
  [
    'who has it is excluded, and took it over from one that is dead, whose object still says that it has it: not asked, as it would answer',
    { [first]: { ...has, ...EXCLUDED }, [third]: { ...has, live: false } },
    { probed: { [ADDRESS]: 'answered' } },
    ['hold HandingOver (2)', 'take OwnerLeaves (1)', 'hold Announced'],
  ],
  [
    'nobody may have it',
    { [first]: { ...has, ...EXCLUDED }, [second]: EXCLUDED, [third]: { unable: ['v4'] } },
    {},
    ['release NodeExcluded', 'ignore NodeExcluded', 'ignore NoInterface'],
  ],
  [
    'all end: who has it goes on to its end',
    { [first]: { stopping: true }, [second]: { ...has, stopping: true }, [third]: { stopping: true } },
    {},
    ['ignore SpeakerStopping', 'hold SpeakerStopping', 'ignore SpeakerStopping'],
  ],
  [
    'its Node is in maintenance: the next one takes it',
    { [first]: { ...has, ...IN_MAINTENANCE } },
    {},
    ['hold HandingOver (2)', 'take OwnerLeaves (1)', 'ignore OwnedElsewhere (2)'],
  ],
  [
    'its Node is in maintenance, and there is no other: stays',
    { [first]: { ...has, ...IN_MAINTENANCE }, [second]: EXCLUDED, [third]: EXCLUDED },
    {},
    ['hold Announced', 'ignore OwnedElsewhere (1)', 'ignore OwnedElsewhere (1)'],
  ],
  [
    'its Node is cordoned: stays',
    { [first]: { ...has, ...CORDONED } },
    {},
    ['hold Announced', 'ignore OwnedElsewhere (1)', 'ignore OwnedElsewhere (1)'],
  ],
  [
    'nobody has it, and the first is cordoned: the next one',
    { [first]: CORDONED },
    {},
    ['ignore OwnedElsewhere (2)', 'probe NoOwner', 'ignore OwnedElsewhere (2)'],
  ],
  [
    'all are cordoned: as if none were',
    { [first]: CORDONED, [second]: CORDONED, [third]: CORDONED },
    {},
    ['probe NoOwner', 'ignore OwnedElsewhere (1)', 'ignore OwnedElsewhere (1)'],
  ],
  [
    'two have it, and the first is cordoned: the other one keeps it',
    { [first]: { ...yields, ...CORDONED }, [third]: has },
    {},
    ['release OwnedElsewhere (3)', 'ignore OwnedElsewhere (3)', 'hold Announced'],
  ],
  ['cut off', { [first]: has }, { cutOff: true }, ['release CutOff', 'ignore CutOff', 'ignore CutOff']],
  [
    'cut off, and the others are excluded: nobody can have taken it over',
    { [first]: has, [second]: EXCLUDED, [third]: { ...EXCLUDED, live: false } },
    { cutOff: true },
    ['hold Announced', 'ignore CutOff', 'ignore CutOff'],
  ],
  [
    'cut off, and another one may not have it just now: that may be over',
    { [first]: has, [second]: EXCLUDED, [third]: { unable: ['v4'], stopping: true, live: false } },
    { cutOff: true },
    ['release CutOff', 'ignore CutOff', 'ignore CutOff'],
  ],
];

it('what another one announces while nobody can be asked is given up', () => {
  expect(decided({ [first]: has }, { partitionConflicts: [ADDRESS] })[0]).toBe('release AddressConflict');
  expect(decided({}, { partitionConflicts: [ADDRESS] })[0]).toBe('ignore AddressConflict');
});

it.each(cases)('%s', (_, nodes, options, expected) => {
  expect(decided(nodes, options)).toEqual(expected);
});

describe('externalTrafficPolicy Local', () => {
  const services = [aService({ policy: 'Local', ips: [ADDRESS] })];
  const slices = (...nodes: string[]) => [aSlice(nodes.map((name) => anEndpoint(name, READY)))];

  it('only a node with a ready endpoint gets it', () => {
    expect(decided({}, { services, slices: slices(third) })).toEqual([
      'ignore NoLocalEndpoints (3)',
      'ignore NoLocalEndpoints (3)',
      'probe NoOwner',
    ]);
  });

  it('it moves with the endpoint, and the former owner answers meanwhile', () => {
    expect(decided({ [first]: has }, { services, slices: slices(second) })).toEqual([
      'hold HandingOver (2)',
      'take OwnerLeaves (1)',
      'ignore NoLocalEndpoints (2)',
    ]);
  });

  const gone = [aSlice([anEndpoint(first, NOT_READY)])];

  it('with the last endpoint gone who has it goes on, and nobody takes it', () => {
    const goesOn = ['ignore NoLocalEndpoints', 'hold NoLocalEndpoints', 'ignore NoLocalEndpoints'];
    expect(decided({ [second]: has }, { services, slices: gone })).toEqual(goesOn);
    expect(decided({}, { services, slices: gone })[1]).toBe('ignore NoLocalEndpoints');
  });

  it('with the last endpoint gone two who have it agree on one', () => {
    const both = decided({ [first]: has, [second]: has }, { services, slices: gone });
    expect(both.slice(0, 2)).toEqual(['hold NoLocalEndpoints', 'hold HandingOver (1)']);
    const after = decided({ [first]: has, [second]: yields }, { services, slices: gone });
    expect(after.slice(0, 2)).toEqual(['hold NoLocalEndpoints', 'release OwnedElsewhere (1)']);
  });

  it('with the last endpoint gone it is given up by a node that is not to have it at all', () => {
    const excluded = { [first]: { ...has, ...EXCLUDED } };
    expect(decided(excluded, { services, slices: gone })[0]).toBe('release NodeExcluded');
  });

  it('two who have it, and see different endpoints: neither lets go on the strength of what the other one said before', () => {
    // The first sees the endpoint that the second had, and the second sees the one that the first gets.
    const asFirst = (nodes: Record<string, NodeOptions>) => decided(nodes, { services, slices: slices(second) })[0];
    const asSecond = (nodes: Record<string, NodeOptions>) => decided(nodes, { services, slices: slices(first) })[1];
    const before = { [first]: has, [second]: has };
    expect([asFirst(before), asSecond(before)]).toEqual(['hold HandingOver (2)', 'hold HandingOver (1)']);
    // Each knows of its own notice, and the other's object is one step old for one of them at most.
    const bothSaid = { [first]: yields, [second]: yields };
    expect([asFirst(bothSaid), asSecond(bothSaid)]).toEqual(['hold HandingOver (2)', 'hold HandingOver (1)']);
    expect(asFirst({ [first]: yields, [second]: has })).toBe('release OwnedElsewhere (2)');
    expect(asSecond(bothSaid)).toBe('hold HandingOver (1)');
  });

  describe('two Services that share it', () => {
    const cluster = aService({ name: 'other', ips: [ADDRESS] });
    const local = aService({ name: 'other', policy: 'Local', ips: [ADDRESS] });
    const others = (...nodes: string[]) =>
      aSlice(
        nodes.map((name) => anEndpoint(name, READY)),
        { service: 'other' },
      );

    it('are both served where a node can: it moves there from one that serves the other policy alone', () => {
      expect(decided({ [first]: has }, { services: [...services, cluster], slices: slices(second) })).toEqual([
        'hold HandingOver (2)',
        'take OwnerLeaves (1)',
        'ignore NoLocalEndpoints (2)',
      ]);
      const inCommon = [...slices(first, third), others(second, third)];
      expect(decided({}, { services: [...services, local], slices: inCommon })[2]).toBe('probe NoOwner');
    });

    it('need not be served together where no node that lives can: one is enough', () => {
      const apart = { services: [...services, local], slices: [...slices(second), others(third)] };
      expect(decided({ [second]: has }, apart)[1]).toBe('hold Announced');
      expect(decided({ [third]: has }, apart)[2]).toBe('hold Announced');
      const both = { services: [...services, cluster], slices: slices(second) };
      expect(decided({ [first]: has, [second]: { live: false } }, both)[0]).toBe('hold Announced');
      expect(decided({ [first]: has, [second]: EXCLUDED }, both)[0]).toBe('hold Announced');
    });

    it('one that no node can serve does not count', () => {
      const none = { services: [...services, cluster], slices: gone };
      expect(decided({ [second]: has }, none)[1]).toBe('hold Announced');
    });
  });
});

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

describe('the Eip', () => {
  it('may say by labels who may have it', () => {
    const eips = [anEip('v4', { protocol: 'vip', nodeSelector: { matchLabels: { edge: 'yes' } } })];
    const nodes = { [first]: has, [second]: { node: { labels: { edge: 'yes' } } } };
    expect(decided(nodes, { eips })).toEqual([
      'hold HandingOver (2)',
      'take OwnerLeaves (1)',
      'ignore NodeNotSelected (2)',
    ]);
  });

  it('may say so: then the only one keeps it when it is cut off', () => {
    const eips = [anEip('v4', { protocol: 'vip', nodeSelector: { matchLabels: { edge: 'yes' } } })];
    const nodes = { [first]: { ...has, node: { labels: { edge: 'yes' } } } };
    expect(decided(nodes, { eips, cutOff: true })[0]).toBe('hold Announced');
  });

  it.each<[string, ViewOptions]>([
    ['of BGP', { eips: [anEip('v4', { protocol: 'bgp' })] }],
    ['that a CNI announces', { eips: [anEip('v4', { protocol: 'layer2' }, { 'openelb.kubesphere.io/cni': '' })] }],
    ['that is gone', { eips: [] }],
    ['whose address nobody publishes', { services: [] }],
  ])('%s: let go at once', (_, options) => {
    expect(decided({ [first]: has }, options)).toEqual(['release NotPublished', 'nothing', 'nothing']);
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
