/**
 * Which edits end sessions, as BIRD and FRR say, for every field of a BgpPeer and a BgpConf. The column "resets" of `docs/bgp.md` and the warning of
 * `kubectl apply` say the same. Needs root, bird2 and frr.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KnownPolicy } from '../../../lib/announce/known-policy.ts';
import type { BgpPeerObject } from '../../../lib/api/bgp/bgp-types.ts';
import { parseBgpConf } from '../../../lib/api/bgp/parse-bgp-conf.ts';
import { parseBgpPeer } from '../../../lib/api/bgp/parse-bgp-peer.ts';
import { bgpConfResets, bgpPeerResets } from '../../../lib/api/bgp/session-resets.ts';
import { ALL_PROTOCOLS } from '../../../lib/api/eip/protocols.ts';
import { RACK_LABELS } from '../../../lib/api/keys.ts';
import type { Parsed } from '../../../lib/api/problem.ts';
import { isReset, type NodeSession, sessionsOf } from '../../../lib/explain/simulation/announcements/node-sessions.ts';
import { peerSymbol } from '../../../speaker/bird/config/model.ts';
import { until } from '../../support/eventually.ts';
import { ip } from '../../support/namespaces.ts';
import {
  aBgpConf,
  aBgpPeer,
  aNode,
  anEip,
  aPolicyMap,
  aService,
  aSnapshot,
  type ClusterOptions,
} from '../../support/speaker-builders.ts';
import { ROOT } from '../../unit/manifests/files.ts';
import type { BirdSite } from './support/bird-site.ts';
import { Frr } from './support/frr.ts';
import { type Lan, NODE, ROUTER } from './support/lan.ts';
import { CONF_ROWS, type ConfSpec, PEER_ROWS, type PeerSpec, type Row } from './support/session-edits.ts';
import { withSite } from './support/with-site.ts';

const SIX = '2001:db8:100::7';
/** A MED for every router, so that the export filter of each session is another. */
const POLICY = `
[[policy-definitions]]
  name = "all"
  [[policy-definitions.statements]]
    [policy-definitions.statements.actions.bgp-actions]
      set-med = "50"
[global.apply-policy.config]
  export-policy-list = ["all"]
`;
const NODES = [aNode({ metadata: { name: 'node-1', labels: { side: 'left', [RACK_LABELS[0]!]: 'east' } } })];
const FRR_TAKES_ANY = ['remote-as external', 'bfd'];

function valid<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw new Error(`Cannot go on: ${JSON.stringify(parsed.problems)}`);
  return parsed.value;
}

/** The session's ends at the node and at the router; an edit that resets nothing leaves them as they are. */
async function ends(
  site: BirdSite,
  frr: Frr,
  sessions: readonly (readonly [peer: string, at: string])[],
): Promise<string[]> {
  const protocols = await site.protocols();
  return sessions.map(([peer, at]) => JSON.stringify([protocols.get(peerSymbol(peer))?.since, frr.neighborAt(at)]));
}

/** Field → the cell "resets" of its row. */
function documented(kind: string): ReadonlyMap<string, string> {
  const section = readFileSync(join(ROOT, 'docs/bgp.md'), 'utf8')
    .split(`## Fields of a ${kind}\n`)[1]
    ?.split('\n## ')[0];
  const rows = (section ?? '').split('\n').flatMap((line) => {
    const [, fields = '', resets = ''] = /^\| (`[^|]+) \|.*\| ([^|]+) \|$/.exec(line) ?? [];
    return [...fields.matchAll(/`([^`]+)`/g)].map(([, field = '']) => [field, resets] as const);
  });
  return new Map(rows);
}

it.each([
  ['BgpPeer', PEER_ROWS],
  ['BgpConf', CONF_ROWS],
] as const)('docs/bgp.md says of each field of a %s what is seen here', (kind, rows: readonly Row<unknown>[]) => {
  const cells = [...documented(kind)].filter(([, cell]) => /^(yes|no|–)$/.test(cell));
  const tested = new Map(
    rows.flatMap(([fields, , , resets]) => fields.split(', ').map((field) => [field, Boolean(resets)] as const)),
  );
  const wrong = cells.filter(([field, cell]) => (tested.get(field) ?? cell === 'yes') !== (cell === 'yes'));
  expect(wrong).toEqual([]);
  // A field without an effect needs no edit of its own.
  expect(cells.filter(([field, cell]) => cell !== '–' && !tested.has(field)).map(([field]) => field)).toEqual([]);
});

it('the warning names each edit of a BgpPeer or a BgpConf that ends a session, and no other', () => {
  const peer = (spec: PeerSpec) => valid(parseBgpPeer(aBgpPeer('router-1', spec)));
  const conf = (spec: ConfSpec) => valid(parseBgpConf(aBgpConf(spec)));
  const wrong = [
    ...PEER_ROWS.filter(
      ([, old, now, resets]) => bgpPeerResets(peer(old), peer(now)).length !== (resets === true ? 1 : 0),
    ),
    ...CONF_ROWS.filter(
      ([, old, now, resets]) => bgpConfResets(conf(old), conf(now)).length !== (resets === true ? 1 : 0),
    ),
  ];
  expect(wrong.map(([fields]) => fields)).toEqual([]);
});

it('a simulation resets the sessions of these edits, and no others', () => {
  const node = { name: 'node-1', object: NODES[0]!, status: {} };
  const ends = (before: ClusterOptions, after: ClusterOptions): boolean => {
    const knownPolicy = new KnownPolicy('skycap-system');
    const [was, is] = [before, after].map((options) => {
      const snapshot = aSnapshot({ nodes: NODES, knownPolicy, ...options });
      return sessionsOf(node, snapshot, ALL_PROTOCOLS).sessions[0]!;
    }) as [NodeSession, NodeSession];
    return is.disabled || isReset(was, is);
  };
  const peer = (spec: PeerSpec): ClusterOptions => ({ bgpPeers: [aBgpPeer('router-1', spec)] });
  const conf = (spec: ConfSpec): ClusterOptions => ({ bgpConfs: [aBgpConf(spec)] });
  const wrong = [
    ...PEER_ROWS.filter(([, old, now, resets]) => ends(peer(old), peer(now)) !== Boolean(resets)),
    ...CONF_ROWS.filter(([, old, now, resets]) => ends(conf(old), conf(now)) !== Boolean(resets)),
  ];
  expect(wrong.map(([fields]) => fields)).toEqual([]);
});

it('edits of BgpPeers, all at once: the sessions that end are those of fields that reset', async () => {
  await withSite(async (site, lan) => {
    const rows = PEER_ROWS.map(([fields, before, after, resets], i) => {
      const [name, router, node] = [`peer-${i}`, `192.0.2.${100 + i}`, `192.0.2.${30 + i}`];
      ip('-n', lan.router, 'address', 'add', `${router}/24`, 'dev', 'eth0');
      ip('-n', lan.node, 'address', 'add', `${node}/24`, 'dev', 'eth0');
      const object = ({ conf, transport, ...rest }: PeerSpec) =>
        aBgpPeer(name, {
          ...rest,
          conf: { neighborAddress: router, ...conf },
          // The end of a link-local router's session is link-local too.
          ...(conf?.neighborInterface === undefined && { transport: { localAddress: node, ...transport } }),
        });
      return { fields, name, node, before: object(before), after: object(after), resets: Boolean(resets) };
    });
    const cluster = (bgpPeers: readonly BgpPeerObject[]): ClusterOptions => ({
      bgpPeers,
      nodes: NODES,
      services: [aService()],
    });
    const frr = await Frr.start(lan, {
      at: rows.map(({ node }) => node),
      passive: true,
      bfd: true,
      each: FRR_TAKES_ANY,
    });
    await site.applyUntilRunning(cluster(rows.map(({ before }) => before)));
    for (const { name, node } of rows) {
      await site.established(name);
      await until(`FRR with ${name}`, () => frr.neighborAt(node).state === 'Established');
    }
    const of = () =>
      ends(
        site,
        frr,
        rows.map(({ name, node }) => [name, node] as const),
      );
    const before = await of();
    // BIRD tells times by the second.
    await sleep(1_500);
    expect(await site.apply(cluster(rows.map(({ after }) => after)))).toMatchObject({ kind: 'Applied' });
    await sleep(1_500);
    const after = await of();
    const ended = rows.filter((_, i) => after[i] !== before[i]).map(({ fields }) => fields);
    expect(ended).toEqual(rows.filter(({ resets }) => resets).map(({ fields }) => fields));
  });
}, 90_000);

/** A router on each of two sessions, and what becomes of both when the cluster changes. */
async function seen(
  before: ClusterOptions,
  after: ClusterOptions,
  act: (lan: Lan) => void = () => {},
  check: (frr: Frr) => Promise<void> = async () => {},
): Promise<string[]> {
  let ended: string[] = [];
  await withSite(async (site, lan) => {
    const frr = await Frr.start(lan, { passive: true, each: ['remote-as external'] });
    const sessions = [
      ['a', NODE.v4],
      ['b', NODE.v6],
    ] as const;
    await site.applyUntilRunning(before);
    for (const [name, at] of sessions) {
      await site.established(name);
      await until(`FRR with ${name}`, () => frr.neighborAt(at).state === 'Established');
    }
    const of = () => ends(site, frr, sessions);
    const was = await of();
    await sleep(1_500);
    act(lan);
    await site.apply(after);
    await sleep(1_500);
    const is = await of();
    await check(frr);
    ended = sessions.flatMap(([name], i) => (is[i] === was[i] ? [] : [name]));
  });
  return ended;
}

const twoPeers = (a: PeerSpec = {}, b: PeerSpec = {}): BgpPeerObject[] => [
  aBgpPeer('a', a),
  aBgpPeer('b', { ...b, conf: { neighborAddress: ROUTER.v6, ...b.conf } }),
];
const base: ClusterOptions = {
  bgpPeers: twoPeers(),
  nodes: NODES,
  services: [aService(), aService({ name: 'six', ips: [SIX], eip: 'v6' })],
  configMaps: [aPolicyMap(POLICY)],
};

const SIDE_BY_SIDE = 3;

/** Side by side: each has its own network, and waits most of the time. */
async function sideBySide<T>(cases: readonly T[], look: (one: T) => Promise<unknown>): Promise<unknown[]> {
  const results: unknown[] = [];
  for (let i = 0; i < cases.length; i += SIDE_BY_SIDE)
    results.push(...(await Promise.all(cases.slice(i, i + SIDE_BY_SIDE).map(look))));
  return results;
}

it('edits of the BgpConf end both sessions, or none', async () => {
  const found = await sideBySide(CONF_ROWS, ([, before, after]) =>
    seen({ ...base, bgpConfs: [aBgpConf(before)] }, { ...base, bgpConfs: [aBgpConf(after)] }),
  );
  expect(CONF_ROWS.map(([field], i) => [field, found[i]])).toEqual(
    CONF_ROWS.map(([field, , , resets]) => [field, resets ? ['a', 'b'] : []]),
  );
}, 120_000);

const onLeft: PeerSpec = { nodeSelector: { matchLabels: { side: 'left' } } };
const racks = [aBgpConf({ asPerRack: { east: 64_530, west: 64_540 } })];
const labelled = (labels: Readonly<Record<string, string>>) => [aNode({ metadata: { name: 'node-1', labels } })];
const rack = (name: string) => labelled({ side: 'left', [RACK_LABELS[0]!]: name });

it('another peer, an Eip or the node itself changes: the sessions that follow from it change, and no other', async () => {
  const cases: readonly (readonly [
    string,
    string[],
    ClusterOptions,
    ClusterOptions,
    ((lan: Lan) => void)?,
    ((frr: Frr) => Promise<void>)?,
  ])[] = [
    [
      'another peer comes',
      [],
      base,
      { ...base, bgpPeers: [...twoPeers(), aBgpPeer('c', { conf: { neighborAddress: '192.0.2.77' } })] },
    ],
    ['another peer goes', ['b'], base, { ...base, bgpPeers: twoPeers().slice(0, 1) }],
    [
      'attributes of an Eip',
      [],
      base,
      { ...base, eips: [anEip('v4', { bgp: { communities: ['65000:1'], med: 5 } }), anEip('v6')] },
    ],
    [
      'a label that nothing selects',
      [],
      base,
      { ...base, nodes: labelled({ side: 'left', [RACK_LABELS[0]!]: 'east', other: 'x' }) },
    ],
    [
      'a label that a peer selects',
      ['a'],
      { ...base, bgpPeers: twoPeers(onLeft) },
      { ...base, bgpPeers: twoPeers(onLeft), nodes: labelled({ side: 'right' }) },
    ],
    [
      'the rack, and so the AS number',
      ['b'],
      { ...base, bgpConfs: racks, nodes: rack('east'), bgpPeers: twoPeers({ conf: { localAs: 64_600 } }) },
      { ...base, bgpConfs: racks, nodes: rack('west'), bgpPeers: twoPeers({ conf: { localAs: 64_600 } }) },
    ],
    [
      'the IPv6 address',
      // Its source address gone, the session over IPv6 ends by the hold time and begins anew from the other.
      [],
      base,
      { ...base, nodes: [aNode({ ips: [NODE.v4, 'fd00::12'] })] },
      ({ node }) => {
        ip('-n', node, 'address', 'add', 'fd00::12/64', 'dev', 'eth0', 'nodad');
        ip('-n', node, 'address', 'delete', `${NODE.v6}/64`, 'dev', 'eth0');
      },
      (frr) => until('the next hop', () => frr.kernelRoute(SIX).includes('fd00::12')),
    ],
  ];
  const found = await sideBySide(cases, ([, , before, after, act, check]) => seen(before, after, act, check));
  expect(cases.map(([what], i) => [what, found[i]])).toEqual(cases.map(([what, ended]) => [what, ended]));
}, 120_000);
