/** `spec.bgp.announcers`: of the nodes that may announce an address at most so many do, and never none. */
import fc from 'fast-check';
import { nodeState } from '../../../../lib/announce/node-state.ts';
import type { OtherNode } from '../../../../lib/announce/other-node.ts';
import type { EndpointSlice } from '../../../../lib/api/service/service.ts';
import { makePlan } from '../../../../lib/bgp/plan.ts';
import { announcementsIn } from '../../../../lib/bgp/routes.ts';
import { aNode, anEip, anEndpoint, aService, aSlice, aSnapshot, READY } from '../../../support/speaker-builders.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
const IPS = Array.from({ length: 20 }, (_, i) => `198.51.100.${i}`);

interface Told {
  readonly excluded?: boolean;
  readonly dead?: boolean;
  readonly maintenance?: boolean;
  readonly down?: boolean;
  readonly peer?: string;
}

type Cluster = Readonly<Record<string, Told>>;

function nodeOf(name: string, { excluded = false }: Told) {
  const labels: Record<string, string> = excluded
    ? { 'node.kubernetes.io/exclude-from-external-load-balancers': '' }
    : {};
  return aNode({ name, metadata: { name, labels } });
}

function otherOf(name: string, told: Told): OtherNode {
  const { dead = false, maintenance = false, down = false, peer = 'router-1' } = told;
  return {
    node: nodeState(name, nodeOf(name, told)),
    isLive: !dead,
    inMaintenance: maintenance,
    sessions: down ? [] : [{ peer, labels: {}, families: [4, 6] }],
  };
}

interface Options {
  readonly announcers?: number;
  /** Names of the nodes that have an endpoint; then the Service is `Local`. */
  readonly endpoints?: readonly string[];
  readonly peers?: readonly string[];
  readonly handingOver?: ReadonlySet<string>;
}

/** Reasons of the addresses, in their order, as the node sees the cluster. */
function reasonsOn(self: string, cluster: Cluster, options: Options = {}): string[] {
  const { announcers = 2, endpoints, peers, handingOver } = options;
  const slices: EndpointSlice[] = endpoints ? [aSlice(endpoints.map((name) => anEndpoint(name, READY)))] : [];
  const snapshot = aSnapshot({
    nodeName: self,
    nodes: [nodeOf(self, cluster[self]!)],
    eips: [anEip('v4', { bgp: { announcers, ...(peers && { peers: { names: peers } }) } })],
    services: [aService({ ips: IPS, policy: endpoints ? 'Local' : 'Cluster' })],
    slices,
  });
  const others = Object.entries(cluster).flatMap(([name, told]) => (name === self ? [] : [otherOf(name, told)]));
  const planned = makePlan({ ...snapshot, others, ...(handingOver && { handingOver }) });
  if (planned.kind !== 'plan') throw new Error('Cannot go on: there is no plan');
  return announcementsIn(planned.announcements).map(({ reason }) => reason);
}

/** Names of the nodes that announce each address, by what each of them decides. */
function announcers(cluster: Cluster, options: Options = {}): string[][] {
  const reasons = new Map(Object.keys(cluster).map((name) => [name, reasonsOn(name, cluster, options)]));
  return IPS.map((_, i) => [...reasons].flatMap(([name, all]) => (all[i] === 'Announced' ? [name] : [])));
}

const told = fc.record({ excluded: fc.boolean(), dead: fc.constant(false) });
const cluster = fc
  .uniqueArray(fc.constantFrom(...NAMES), { minLength: 1 })
  .chain((names) => fc.tuple(...names.map((name) => told.map((one) => [name, one] as const))))
  .map((entries) => Object.fromEntries(entries));
const limit = fc.integer({ min: 1, max: 4 });

it('as many as may and no more announce an address, for Cluster and Local', () => {
  fc.assert(
    fc.property(cluster, limit, fc.option(fc.subarray(NAMES), { nil: undefined }), (nodes, most, endpoints) => {
      const may = Object.entries(nodes).filter(
        ([name, { excluded }]) => !excluded && (endpoints?.includes(name) ?? true),
      );
      const counts = announcers(nodes, { announcers: most, ...(endpoints && { endpoints }) }).map((all) => all.length);
      expect(counts).toEqual(IPS.map(() => Math.min(most, may.length)));
    }),
    { numRuns: 60 },
  );
});

it('the loss of a node moves its addresses and no others, to one more node each', () => {
  fc.assert(
    fc.property(fc.constantFrom(...NAMES), limit, (lost, most) => {
      const all: Cluster = Object.fromEntries(NAMES.map((name) => [name, {}]));
      const without = { ...all, [lost]: { dead: true } };
      const before = announcers(all, { announcers: most });
      const after = announcers(without, { announcers: most }).map((names) => names.filter((name) => name !== lost));
      before.forEach((names, i) => {
        if (!names.includes(lost)) expect(after[i]).toEqual(names);
        else expect(after[i]).toEqual(expect.arrayContaining(names.filter((name) => name !== lost)));
        expect(after[i]).toHaveLength(most);
      });
    }),
  );
});

it('however nodes see each other, no address is left to nobody', () => {
  const seen = fc.record({ dead: fc.boolean(), maintenance: fc.boolean(), down: fc.boolean() });
  fc.assert(
    fc.property(fc.array(seen, { minLength: 3, maxLength: 3 }), (states) => {
      const nodes = Object.fromEntries(states.map((state, i) => [NAMES[i]!, state]));
      const names = announcers(nodes, { announcers: 1 });
      const able = states.some(({ dead, maintenance, down }) => !dead && !maintenance && !down);
      const isServed = (all: string[]) => all.some((name) => !nodes[name]!.dead && !nodes[name]!.down);
      if (able) expect(names.every(isServed)).toBe(true);
    }),
  );
});

it.each<[string, Told]>([
  ['dead', { dead: true }],
  ['in maintenance', { maintenance: true }],
  ['excluded', { excluded: true }],
  ['without a session', { down: true }],
  ['in a session with a router that does not get the route', { peer: 'router-2' }],
])('a node that is %s is not counted upon', (_, told) => {
  const reasons = reasonsOn('a', { a: {}, b: told }, { announcers: 1, peers: ['router-1'] });
  expect(new Set(reasons)).toEqual(new Set(['Announced']));
  const shared = reasonsOn('a', { a: {}, b: {} }, { announcers: 1, peers: ['router-1'] });
  expect(new Set(shared)).toEqual(new Set(['Announced', 'NotChosen']));
});

it('an address that is handed over is announced for a while still', () => {
  const nodes = { a: {}, b: {} };
  const reasons = reasonsOn('a', nodes, { announcers: 1 });
  const left = IPS.filter((_, i) => reasons[i] === 'NotChosen');
  const after = reasonsOn('a', nodes, { announcers: 1, handingOver: new Set(left.slice(1)) });
  expect(IPS.filter((_, i) => after[i] === 'NotChosen')).toEqual(left.slice(0, 1));
});
