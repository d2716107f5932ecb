/** A simulation against the components, in random clusters with random changes: the same addresses, sessions, paths and owners. */
import fc from 'fast-check';
import { keyOf } from '../../../../../lib/api/meta/object.ts';
import type { EndpointSlice, Node } from '../../../../../lib/api/service/service.ts';
import type { AppliedObject, Change } from '../../../../../lib/explain/simulation/change/change.ts';
import { reviewChange } from '../../../../../lib/explain/simulation/change/review-change.ts';
import { simulate } from '../../../../../lib/explain/simulation/simulate.ts';
import type { World } from '../../../../../lib/explain/simulation/world.ts';
import { aServiceOf, aWorld, readyNode } from '../../../../support/simulate-builders.ts';
import { allocated, announced } from '../../../../support/simulated-components.ts';
import {
  aBgpConf,
  aBgpPeer,
  anEip,
  anEndpoint,
  aSlice,
  DRAINING,
  READY,
} from '../../../../support/speaker-builders.ts';

const RUNS = Number(process.env.SIMULATE_RUNS ?? 20);
const NODES = ['n1', 'n2', 'n3', 'n4'];
const SERVICES = ['a', 'b', 'c', 'd', 'e'];
const LEFT = { matchLabels: { side: 'left' } };

const seldom = <T>(value: T, otherwise: T): fc.Arbitrary<T> =>
  fc.oneof({ weight: 1, arbitrary: fc.constant(value) }, { weight: 5, arbitrary: fc.constant(otherwise) });
const maybe = <T>(value: T): fc.Arbitrary<T | undefined> => fc.constantFrom(value, undefined, undefined);

const eipSpec = (addresses: readonly string[]) =>
  fc
    .record({
      address: fc.constantFrom(...addresses),
      protocol: fc.constantFrom('bgp' as const, 'layer2' as const),
      nodeSelector: maybe(LEFT),
      disable: seldom(true, false),
      rebalance: fc.boolean(),
      whenNoEndpoints: fc.constantFrom('Keep' as const, 'Withdraw' as const),
      bgp: fc.record({
        announcers: fc.constantFrom(1, 2, undefined, undefined),
        peers: maybe({ names: ['router-1'] }),
        aggregation: maybe({ ipv4: 29, hostRoutes: false }),
        communities: maybe(['64512:1']),
      }),
    })
    .map(({ bgp, ...spec }) => withoutAbsent({ ...spec, ...(spec.protocol === 'bgp' && { bgp: withoutAbsent(bgp) }) }));
const ONE = eipSpec(['198.51.100.0/29', '198.51.100.0/30', '198.51.100.1']);
const TWO = eipSpec(['203.0.113.0/29', '203.0.113.0/31']);

const peerSpec = (neighborAddress: string) =>
  fc
    .record({
      nodeSelector: maybe(LEFT),
      nextHops: maybe('AllNodes' as const),
      timers: maybe({ config: { holdTime: '30' } }),
      description: maybe('a router'),
      adminDown: seldom(true, false),
      bfd: maybe({ enabled: true }),
    })
    .map(({ description, adminDown, ...spec }) =>
      withoutAbsent({
        ...spec,
        conf: withoutAbsent({ neighborAddress, peerAs: 64_513, description, ...(adminDown && { adminDown }) }),
      }),
    );

const service = (name: string) =>
  fc
    .record({
      eip: fc.constantFrom('one', 'one', 'two', 'one,two', undefined),
      policy: fc.constantFrom('Cluster' as const, 'Local' as const),
    })
    .map(({ eip, policy }) => {
      const annotations: Record<string, string> =
        eip === undefined ? {} : { 'eip.openelb.kubesphere.io/v1alpha2': eip };
      return aServiceOf(name, { annotations, spec: { externalTrafficPolicy: policy } });
    });

const slice = (name: string): fc.Arbitrary<EndpointSlice> =>
  fc
    .array(fc.tuple(fc.constantFrom(...NODES), fc.constantFrom(READY, READY, READY, DRAINING)), { maxLength: 3 })
    .map((endpoints) => {
      const made = aSlice(
        endpoints.map(([node, conditions]) => anEndpoint(node, conditions)),
        { service: name },
      );
      return { ...made, metadata: { ...made.metadata, namespace: 'shop' } };
    });

const node = (name: string, i: number): fc.Arbitrary<Node> =>
  fc
    .record({
      side: fc.constantFrom('left', 'right'),
      excluded: seldom(true, false),
      cordoned: seldom(true, false),
      maintenance: fc.constantFrom(true, false, false),
    })
    .map(({ side, excluded, cordoned, maintenance }) => {
      const labels = { side, ...(excluded && { 'node.kubernetes.io/exclude-from-external-load-balancers': '' }) };
      const made = readyNode(name, i + 11, labels);
      const annotations: Record<string, string> = maintenance ? { 'skycap.io/maintenance': 'true' } : {};
      return { ...made, metadata: { ...made.metadata, annotations }, spec: { unschedulable: cordoned } };
    });

const world: fc.Arbitrary<World> = fc
  .record({
    nodes: fc.tuple(...NODES.map(node)),
    specs: fc.tuple(ONE, TWO),
    peers: fc.tuple(peerSpec('192.0.2.1'), peerSpec('192.0.2.2')),
    services: fc.tuple(...SERVICES.map(service)),
    slices: fc.tuple(...SERVICES.map(slice)),
    count: fc.integer({ min: 0, max: SERVICES.length }),
    down: fc.subarray(
      NODES.flatMap((name) => [`${name}/router-1`, `${name}/router-2`]),
      { maxLength: 3 },
    ),
    releases: fc.boolean(),
    isOver: fc.boolean(),
  })
  .map(({ nodes, specs, peers, services, slices, count, down, releases, isOver }) => {
    const annotations: Record<string, string> = releases ? { 'skycap.io/release-addresses': 'true' } : {};
    const eips = (['one', 'two'] as const).map((name, i) => {
      const eip = anEip(name, specs[i]);
      return { ...eip, metadata: { ...eip.metadata, annotations, creationTimestamp: '2026-01-01T00:00:00Z' } };
    });
    const world = aWorld({
      nodes,
      eips,
      bgpConfs: [aBgpConf()],
      bgpPeers: peers.map((spec, i) => aBgpPeer(`router-${i + 1}`, spec)),
      services: services.slice(0, count),
      endpointSlices: slices.slice(0, count),
      down,
    });
    return isOver ? { ...world, nodes: world.nodes.map(outOfMaintenance) } : world;
  });

/** Layer 2 has not given the node its addresses back yet. */
function outOfMaintenance({ metadata: { annotations: _, ...metadata }, ...rest }: Node): Node {
  return { ...rest, metadata };
}

const applied = (kind: AppliedObject['kind'], name: string, spec: object): AppliedObject => {
  return { apiVersion: 'network.kubesphere.io/v1alpha2', kind, metadata: { name }, spec };
};
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.constantFrom(...NODES).map((name): Change => ({ kind: 'nodeGone', node: name })),
  fc.constantFrom(...NODES).map((name): Change => ({ kind: 'maintenance', node: name })),
  fc.constantFrom(...NODES).map((name): Change => ({ kind: 'delete', of: 'Node', name })),
  fc.constantFrom('one', 'two').map((name): Change => ({ kind: 'delete', of: 'Eip', name })),
  fc.constantFrom('router-1', 'router-2').map((name): Change => ({ kind: 'delete', of: 'BgpPeer', name })),
  fc.constantFrom(...SERVICES).map((name): Change => ({ kind: 'delete', of: 'Service', namespace: 'shop', name })),
  ONE.map((spec): Change => ({ kind: 'apply', objects: [applied('Eip', 'one', spec)] })),
  TWO.map((spec): Change => ({ kind: 'apply', objects: [applied('Eip', 'two', spec)] })),
  peerSpec('192.0.2.1').map((spec): Change => ({ kind: 'apply', objects: [applied('BgpPeer', 'router-1', spec)] })),
  fc.constant<Change>({ kind: 'apply', objects: [applied('BgpConf', 'default', { as: 64_600 })] }),
  fc.constantFrom(...SERVICES, 'new').chain((name) =>
    service(name).map((one): Change => {
      const { uid: _, creationTimestamp: __, ...metadata } = one.metadata;
      return { kind: 'apply', objects: [{ ...one, apiVersion: 'v1', kind: 'Service', metadata }] };
    }),
  ),
);

test(`${RUNS} random changes lead to the outcome of the components`, async () => {
  const order = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 7, maxLength: 7 });
  await fc.assert(
    fc.asyncProperty(world, change, order, async (before, one, turns) => {
      const simulated = simulate(before, one);
      if (!simulated.ok) return;
      const after = await allocated(before, reviewChange(before, one).world);
      const { sessions, paths, owners } = announced(before, after, turns);
      expect(addressesOf(simulated.after.services)).toEqual(publishedIn(after));
      expect(simulatedSessions(simulated.after)).toEqual([...sessions].sort());
      expect(simulatedPaths(simulated.after)).toEqual(new Map(paths));
      expect(simulatedOwners(simulated.after)).toEqual(new Map(owners));
    }),
    { numRuns: RUNS },
  );
});

type After = (ReturnType<typeof simulate> & { ok: true })['after'];

function addressesOf(services: After['services']): Record<string, string> {
  return Object.fromEntries([...services].map(([key, { addresses }]) => [key, addresses.join()]).sort());
}

function publishedIn({ services }: World): Record<string, string> {
  const all = services.map((one) => [keyOf(one), (one.status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip).join()]);
  return Object.fromEntries(all.sort());
}

function simulatedSessions({ bgp }: After): string[] {
  return [...bgp.sessions].flatMap(([key, { state }]) => (state === 'down' ? [] : key)).sort();
}

function simulatedPaths({ bgp }: After): Map<string, readonly string[]> {
  const all = [...bgp.paths].flatMap(([peer, prefixes]) =>
    [...prefixes].map(([prefix, nodes]) => [`${peer} ${prefix}`, nodes] as const),
  );
  return new Map(all);
}

function simulatedOwners({ addresses }: After): Map<string, string> {
  return new Map([...addresses].flatMap(([text, { owner }]) => (owner === undefined ? [] : [[text, owner] as const])));
}

function withoutAbsent<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as T;
}
