/** Which node has an address: a row for each rule. `Local` endpoints and planned moves have files of their own. */
import {
  ADDRESS,
  CORDONED,
  EXCLUDED,
  IN_MAINTENANCE,
  type NodeOptions,
  type ViewOptions,
} from '../../../../support/layer2-builders.ts';
import { anEip } from '../../../../support/speaker-builders.ts';
import { decided, first, has, second, third, yields } from './decided.ts';

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
