/** What was stored before there was a schema may have any shape. A parser that throws would stop the work on every other object as well. */
import fc from 'fast-check';
import { bgpConfNotes, parseBgpConf } from '../../../../lib/api/bgp/parse-bgp-conf.ts';
import { parseBgpPeer } from '../../../../lib/api/bgp/parse-bgp-peer.ts';
import { bgpPeerNotes } from '../../../../lib/api/bgp/peer/bgp-peer-notes.ts';
import { parseEip, unsupportedEipFields } from '../../../../lib/api/eip/parse-eip.ts';
import type { KubeObject } from '../../../../lib/api/meta/object.ts';
import { formatProblem, type Parsed } from '../../../../lib/api/problem.ts';

const any = fc.jsonValue({ maxDepth: 2 });
/** Absent, right, or anything at all. */
const maybe = (right: fc.Arbitrary<unknown>) =>
  fc.option(fc.oneof({ weight: 3, arbitrary: right }, { weight: 1, arbitrary: any }), { nil: undefined });
const fields = (of: Readonly<Record<string, fc.Arbitrary<unknown>>>) =>
  maybe(fc.record(Object.fromEntries(Object.entries(of).map(([name, right]) => [name, maybe(right)]))));
const allOf = (...names: readonly string[]) => fields(Object.fromEntries(names.map((name) => [name, any])));

const expression = fields({ key: fc.string(), operator: fc.constantFrom('In', 'Exists'), values: fc.array(any) });
const nodeSelector = fields({ matchLabels: any, matchExpressions: fc.array(expression) });
const afiSafi = fields({
  config: fields({ family: allOf('afi', 'safi'), enabled: any }),
  addPaths: allOf('config'),
  mpGracefulRestart: allOf('config'),
});
const SPECS = {
  BgpPeer: fields({
    conf: fields({
      neighborAddress: fc.ipV4(),
      peerAs: fc.nat(),
      localAs: any,
      authPassword: any,
      description: any,
      neighborInterface: any,
      neighborPrefix: any,
      dynamicPeerAs: any,
      vrf: any,
      removePrivateAs: any,
    }),
    ebgpMultihop: allOf('enabled', 'multihopTtl'),
    ttlSecurity: allOf('enabled', 'ttlMin'),
    bfd: allOf('enabled', 'receiveIntervalMilliseconds', 'detectMultiplier', 'passiveMode'),
    timers: fields({ config: allOf('holdTime', 'keepaliveInterval', 'connectRetry') }),
    transport: allOf('passiveMode', 'remotePort', 'localAddress', 'bindInterface', 'remoteAddress'),
    afiSafis: fc.array(afiSafi),
    nodeSelector,
    gracefulRestart: any,
  }),
  BgpConf: fields({
    as: fc.nat(),
    asPerRack: any,
    routerId: any,
    listenPort: any,
    listenAddresses: fc.array(any),
    families: any,
    gracefulRestart: any,
  }),
  Eip: fields({
    address: fc.constantFrom('198.51.100.0/24', '::/0'),
    protocol: any,
    interface: any,
    disable: any,
    priority: any,
    namespaces: fc.array(any),
    namespaceSelector: any,
    whenFull: any,
    nodeSelector,
    rebalance: any,
    bgp: fields({
      communities: fc.array(any),
      localPref: any,
      med: any,
      asPathPrepend: any,
      aggregation: allOf('ipv4', 'ipv6', 'hostRoutes'),
      peers: fields({ names: fc.array(any), selector: nodeSelector }),
      allowServiceOverrides: allOf('communities', 'peers'),
    }),
  }),
};

it.each<[keyof typeof SPECS, (raw: KubeObject) => Parsed<unknown>, (raw: KubeObject) => readonly string[]]>([
  ['BgpPeer', parseBgpPeer, (raw) => Object.values(bgpPeerNotes(raw)).flat()],
  ['BgpConf', parseBgpConf, (raw) => Object.values(bgpConfNotes(raw)).flat()],
  ['Eip', parseEip, unsupportedEipFields],
])('a %s of any shape is read, or refused with the field', (kind, parse, unsupported) => {
  fc.assert(
    fc.property(SPECS[kind], (spec) => {
      const raw = { metadata: { name: 'x' }, spec } as KubeObject;
      const parsed = parse(raw);
      if (!parsed.ok) for (const { field } of parsed.problems) expect(field).toMatch(/^spec/);
      expect(unsupported(raw).every((text) => text.startsWith('spec.'))).toBe(true);
    }),
    { numRuns: 500 },
  );
});

it.each<[string, object, string]>([
  ['no list of families', { afiSafis: {} }, 'spec.afiSafis: "{}" is not a list; write one, or leave it out'],
  ['a family that is nothing', { afiSafis: [5] }, 'spec.afiSafis[0]: "5" is not a map of fields'],
  ['timers that are a number', { timers: 5 }, 'spec.timers: "5" is not a map of fields'],
  [
    'no list of expressions',
    { nodeSelector: { matchExpressions: 'x' } },
    'spec.nodeSelector.matchExpressions: "x" is not a list',
  ],
])('%s is told', (_, rest, sentence) => {
  const parsed = parseBgpPeer({
    metadata: { name: 'x' },
    spec: { conf: { neighborAddress: '192.0.2.1', peerAs: 65_000 }, ...rest },
  } as KubeObject);
  const problems = parsed.ok ? [] : parsed.problems;
  expect(problems.map(formatProblem).join()).toContain(sentence);
});
