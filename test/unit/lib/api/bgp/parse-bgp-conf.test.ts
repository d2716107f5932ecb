/** Reading a BgpConf: OpenELB's fields and what each of their values means here. */
import { localAsOf } from '../../../../../lib/api/bgp/bgp.ts';
import type { BgpConfObject } from '../../../../../lib/api/bgp/bgp-types.ts';
import { bgpConfNotes, parseBgpConf } from '../../../../../lib/api/bgp/parse-bgp-conf.ts';
import { formatProblems } from '../../../../../lib/api/problem.ts';
import { aBgpConf } from '../../../../support/speaker-builders.ts';

function parsed(raw: BgpConfObject) {
  const result = parseBgpConf(raw);
  if (!result.ok) throw new Error(`Cannot parse the BgpConf: ${formatProblems(result.problems)}`);
  return result.value;
}

function problemsOf(raw: BgpConfObject): string {
  const result = parseBgpConf(raw);
  return result.ok ? '' : formatProblems(result.problems);
}

describe('parseBgpConf()', () => {
  it('fills in what is not said', () => {
    expect(parsed(aBgpConf())).toEqual({
      name: 'default',
      as: 64512,
      asPerRack: new Map(),
      maintenance: { drainSeconds: 10, minimumNodes: 1, onCordon: false },
      listenPort: 179,
      dialOnly: false,
      gracefulRestart: { helperOnly: false, restartSeconds: 60 },
      announcedByCni: false,
    });
  });

  it.each([
    ['the largest AS number', { as: 4_294_967_295 }, { as: 4_294_967_295 }],
    ['listenPort 0, which is OpenELB for "not set"', { listenPort: 0 }, { listenPort: 179 }],
    [
      'how maintenance goes, zero included',
      { maintenance: { drainSeconds: 0, minimumNodes: 2, onCordon: true } },
      { maintenance: { drainSeconds: 0, minimumNodes: 2, onCordon: true } },
    ],
    ['listenPort -1: dial only', { listenPort: -1 }, { listenPort: 61_790, dialOnly: true }],
    ['a listenPort of its own', { listenPort: 17900 }, { listenPort: 17900 }],
    ['a router id', { routerId: '10.0.0.1' }, { routerId: '10.0.0.1' }],
    ['AS numbers by rack, 0 meaning none', { asPerRack: { a: 65001, b: 0 } }, { asPerRack: new Map([['a', 65001]]) }],
    ['one family', { families: [65_537] }, { families: [4] }],
    [
      'addresses to listen on',
      { listenAddresses: ['192.0.2.11', '::'] },
      {
        listenRanges: [
          { family: 4, first: 0xc000020bn },
          { family: 6, first: 0n },
        ],
      },
    ],
    [
      'graceful restart',
      { gracefulRestart: { restartTime: 120 } },
      { gracefulRestart: { helperOnly: false, restartSeconds: 120 } },
    ],
  ])('reads %s', (_, spec, expected) => {
    expect(parsed(aBgpConf(spec))).toMatchObject(expected);
  });

  it.each([
    ['both families', { families: [131_073, 65_537, 77] }],
    ['all addresses', { listenAddresses: ['0.0.0.0', '::'] }],
    ['nothing', { families: [], listenAddresses: [] }],
  ])('takes %s for no limit', (_, spec) => {
    const conf = parsed(aBgpConf(spec));
    expect([conf.families, conf.listenRanges]).toEqual([undefined, undefined]);
  });

  it.each(['openelb.kubesphere.io/cni', 'porter.kubesphere.io/cni'])('sees the label %s', (label) => {
    expect(parsed(aBgpConf({}, { [label]: 'calico' })).announcedByCni).toBe(true);
  });

  it('needs no AS number of its own where the racks have them', () => {
    const conf = parsed({ metadata: { name: 'default' }, spec: { asPerRack: { a: 65001 } } });
    expect(conf.as).toBeUndefined();
  });

  it.each([
    ['no spec', undefined, /^spec\.as: is missing; write the AS number/],
    ['AS 0', { as: 0 }, /^spec\.as: is missing/],
    [
      'an AS number beyond 32 bits',
      { as: 4_294_967_296 },
      /^spec\.as: "4294967296" is not a whole number from 1 to 4294967295/,
    ],
    ['half an AS number', { as: 1.5 }, /^spec\.as: "1\.5" is not a whole number/],
    ['a negative AS number', { as: -1 }, /^spec\.as: "-1" is not/],
    ['AS as text', { as: '64512' as unknown as number }, /^spec\.as: "64512" is not a whole number/],
    ['a rack with a bad AS number', { as: 1, asPerRack: { r: -5 } }, /^spec\.asPerRack\["r"\]: "-5" is not/],
    ['racks as a list', { as: 1, asPerRack: [1] as never }, /^spec\.asPerRack: is not a map of AS numbers/],
    [
      'a router id that is a name',
      { as: 1, routerId: 'node-1' },
      /^spec\.routerId: "node-1" is not a router id; write an IPv4 address/,
    ],
    ['an IPv6 router id', { as: 1, routerId: 'fd00::1' }, /is not a router id/],
    ['router id zero', { as: 1, routerId: '0.0.0.0' }, /is not a router id/],
    [
      'a drain of a day',
      { as: 1, maintenance: { drainSeconds: 86_400 } },
      /^spec\.maintenance\.drainSeconds: "86400" is not a whole number from 0 to 3600; write a number such as 10/,
    ],
    ['a port below -1', { as: 1, listenPort: -2 }, /^spec\.listenPort: "-2" is not a whole number from 1 to 65535/],
    [
      'a port too large',
      { as: 1, listenPort: 65_536 },
      /^spec\.listenPort: "65536" is not a whole number from 1 to 65535/,
    ],
    ['families of which none is spoken', { as: 1, families: [77] }, /^spec\.families: "\[77\]" has neither IPv4/],
    [
      'an address to listen on that is a name',
      { as: 1, listenAddresses: ['::', 'eth0'] },
      /^spec\.listenAddresses\[1\]: "eth0" is neither an address nor a prefix; write one such as/,
    ],
  ] as const)('refuses %s', (_, spec, message) => {
    expect(problemsOf({ metadata: { name: 'default' }, ...(spec && { spec }) })).toMatch(message);
  });

  it('collects every problem', () => {
    expect(
      problemsOf(aBgpConf({ as: -1, routerId: 'x', listenPort: -2 }))
        .split('; ')
        .filter((part) => part.startsWith('spec.')),
    ).toHaveLength(3);
  });
});

describe('localAsOf()', () => {
  const conf = parsed(aBgpConf({ asPerRack: { east: 65001 } }));
  it.each([
    ['a node without a rack', {}, { as: 64512, fromRack: false }],
    ['a node in a rack', { 'openelb.kubesphere.io/rack': 'east' }, { as: 65001, fromRack: true }],
    ['the older label', { 'porter.kubesphere.io/rack': 'east' }, { as: 65001, fromRack: true }],
    ['a rack that has no AS number', { 'openelb.kubesphere.io/rack': 'west' }, { as: 64512, fromRack: false }],
  ])('%s', (_, labels, expected) => {
    expect(localAsOf(conf, labels)).toEqual(expected);
  });

  it('has none for a node outside the racks where spec.as is not set', () => {
    expect(localAsOf(parsed({ metadata: {}, spec: { asPerRack: { east: 1 } } }), {})).toBeUndefined();
  });
});

describe('fields without effect', () => {
  it.each<[string, BgpConfObject['spec'], string[]]>([
    ['nothing set', {}, []],
    [
      'zero values, which ask for nothing',
      { families: [], useMultiplePaths: false, gracefulRestart: {}, policy: '' },
      [],
    ],
    ['what has an effect', { families: [1], listenAddresses: ['::'], gracefulRestart: { helperOnly: true } }, []],
    [
      'the rest',
      { listenPort: -1, useMultiplePaths: true, gracefulRestart: { notificationEnabled: true, mode: 'm' } },
      [
        'spec.listenPort',
        'spec.gracefulRestart.notificationEnabled',
        'spec.useMultiplePaths',
        'spec.gracefulRestart.mode',
      ],
    ],
  ])('%s', (_, spec, fields) => {
    const { missing, idle } = bgpConfNotes(aBgpConf(spec));
    expect([...missing, ...idle].map((sentence) => sentence.split(': ')[0])).toEqual(fields);
  });
});
