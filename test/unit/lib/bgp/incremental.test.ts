/**
 * A plan made from what changed is the plan made from everything. After any sequence of changes the indexes that followed them say what new ones say of the
 * snapshot, and the text of bird.conf is the same.
 */
import fc from 'fast-check';
import { nodeState } from '../../../../lib/announce/node-state.ts';
import type { OtherNode } from '../../../../lib/announce/other-node.ts';
import { SliceIndex } from '../../../../lib/announce/slice-index.ts';
import type { BgpConfObject, BgpPeerObject } from '../../../../lib/api/bgp/bgp-types.ts';
import type { EipObject } from '../../../../lib/api/eip/eip-types.ts';
import type { ConfigMap } from '../../../../lib/api/policy/find-policy.ts';
import type { EndpointSlice, Node, Service } from '../../../../lib/api/service/service.ts';
import { AnnouncementIndex } from '../../../../lib/bgp/announcement-index.ts';
import { makePlan, type Planned } from '../../../../lib/bgp/plan.ts';
import { KnownEips } from '../../../../lib/snapshot/known-eips.ts';
import { takeSnapshot } from '../../../../lib/snapshot/snapshot.ts';
import { buildBirdConfig } from '../../../../speaker/bird/config/model.ts';
import { type BlockTexts, renderBirdConfig } from '../../../../speaker/bird/config/render.ts';
import { parseBirdVersion } from '../../../../speaker/bird/config/version.ts';
import { Layer2AddressIndex } from '../../../../speaker/l2/ownership/layer2-addresses.ts';
import { HandStore } from '../../../support/hand-store.ts';
import {
  aBgpConf,
  aBgpPeer,
  aNode,
  anEip,
  anEndpoint,
  aService,
  aSlice,
  DRAINING,
  NOT_READY,
  READY,
} from '../../../support/speaker-builders.ts';

const version = parseBirdVersion('BIRD 2.17.5')!;

/** The stores of a speaker, its indexes, and what it rendered before. */
class Site {
  readonly sources = {
    nodes: new HandStore<Node>().put(aNode()),
    services: new HandStore<Service>(),
    labelledSlices: new HandStore<EndpointSlice>(),
    foreignSlices: new HandStore<EndpointSlice>(),
    eips: new HandStore<EipObject>().put(anEip('v4'), anEip('v6')),
    bgpConfs: new HandStore<BgpConfObject>().put(aBgpConf()),
    configMaps: new HandStore<ConfigMap>(),
    bgpPeers: new HandStore<BgpPeerObject>().put(aBgpPeer()),
  };
  readonly announcements = new AnnouncementIndex();
  readonly layer2 = new Layer2AddressIndex();
  readonly texts: BlockTexts = new WeakMap();
  readonly #known = new KnownEips();
  /** Follows the Eips, and is told of no Service. */
  readonly #knownAnew = new KnownEips();
  readonly #slices: SliceIndex;

  constructor() {
    const onChange = (key: string) => {
      this.announcements.changed(key);
      this.layer2.changed(key);
      this.#known.changed(key);
    };
    this.sources.services.subscribe(({ key }) => onChange(key));
    this.#slices = new SliceIndex(this.sources, onChange);
  }

  others: readonly OtherNode[] = [];

  snapshot() {
    const { sources, others } = this;
    const taken = takeSnapshot({ nodeName: 'node-1', sources, slices: this.#slices, knownEips: this.#known })!;
    return { ...taken, others };
  }

  /** With a store of Services that nothing was made of before. */
  snapshotAnew() {
    const { services } = this.sources;
    const view = { synced: true, get: (key: string) => services.get(key), values: () => services.values() };
    const sources = { ...this.sources, services: view };
    const taken = takeSnapshot({ nodeName: 'node-1', sources, slices: this.#slices, knownEips: this.#knownAnew })!;
    return { ...taken, others: [...this.others] };
  }
}

function textOf(planned: Planned, texts?: BlockTexts): string {
  return planned.kind === 'plan' ? renderBirdConfig(buildBirdConfig(planned.plan, version), texts).text : 'on hold';
}

const name = fc.integer({ min: 0, max: 5 }).map((n) => `s${n}`);
/** Of two blocks of IPv4 and of one of IPv6; often the same, so that Services share it. */
const ip = fc.oneof(
  fc.integer({ min: 253, max: 258 }).map((n) => `198.51.${100 + (n >> 8)}.${n & 255}`),
  fc.constantFrom('2001:db8:100::7', '2001:db8:100::8'),
);
const service = fc
  .record({
    name,
    ips: fc.uniqueArray(ip, { maxLength: 3 }),
    policy: fc.constantFrom<'Local' | 'Cluster'>('Local', 'Cluster'),
    eip: fc.constantFrom('v4', 'v6', 'gone'),
  })
  .map(aService);
const endpoint = fc
  .tuple(fc.constantFrom('node-1', 'node-2'), fc.constantFrom(READY, DRAINING, NOT_READY))
  .map(([on, state]) => anEndpoint(on, state));
const others = fc.record({ isLive: fc.boolean(), inMaintenance: fc.boolean() }).map((one): readonly OtherNode[] => [
  {
    ...one,
    node: nodeState('node-2', aNode({ name: 'node-2' })),
    sessions: [{ peer: 'router-1', labels: {}, families: [4, 6] }],
  },
]);
/** A slice may become another Service's. */
const slice = fc
  .record({ endpoints: fc.array(endpoint, { maxLength: 2 }), service: name, name: fc.constantFrom('one', 'two') })
  .map(({ endpoints, ...options }) => aSlice(endpoints, options));
const eip = fc.constantFrom(
  anEip('v4'),
  anEip('v4', { address: '198.51.100.0/23' }),
  anEip('v4', { protocol: 'layer2' }),
  anEip('v4', { bgp: { announcers: 1 } }),
  anEip('v4', { address: 'broken' }),
  anEip('v6', { protocol: 'layer2' }),
  anEip('v6'),
);
const node = fc.constantFrom(aNode(), aNode({ ips: ['192.0.2.11'] }), aNode({ spec: { unschedulable: true } }));
const stopped = fc.constantFrom(
  aNode({ metadata: { name: 'node-1', labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } } }),
);

const change: fc.Arbitrary<(site: Site) => unknown> = fc.oneof(
  {
    weight: 6,
    arbitrary: service.map(
      (one) =>
        ({ sources }: Site) =>
          sources.services.put(one),
    ),
  },
  {
    weight: 2,
    arbitrary: service.map(
      (one) =>
        ({ sources }: Site) =>
          sources.services.remove(one),
    ),
  },
  {
    weight: 4,
    arbitrary: slice.map(
      (one) =>
        ({ sources }: Site) =>
          sources.labelledSlices.put(one),
    ),
  },
  {
    weight: 2,
    arbitrary: slice.map(
      (one) =>
        ({ sources }: Site) =>
          sources.foreignSlices.put(one),
    ),
  },
  {
    weight: 2,
    arbitrary: slice.map(
      (one) =>
        ({ sources }: Site) =>
          sources.labelledSlices.remove(one),
    ),
  },
  {
    weight: 1,
    arbitrary: slice.map(
      (one) =>
        ({ sources }: Site) =>
          sources.foreignSlices.remove(one),
    ),
  },
  {
    weight: 1,
    arbitrary: eip.map(
      (one) =>
        ({ sources }: Site) =>
          sources.eips.put(one),
    ),
  },
  {
    weight: 1,
    arbitrary: eip.map(
      (one) =>
        ({ sources }: Site) =>
          sources.eips.remove(one),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.oneof(node, stopped).map(
      (one) =>
        ({ sources }: Site) =>
          sources.nodes.put(one),
    ),
  },
  {
    weight: 1,
    arbitrary: others.map((some) => (site: Site) => {
      site.others = some;
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<'Self' | 'AllNodes'>('Self', 'AllNodes').map(
      (nextHops) =>
        ({ sources }: Site) =>
          sources.bgpPeers.put(aBgpPeer('router-2', { nextHops, conf: { neighborAddress: '192.0.2.2' } })),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(64512, -1).map(
      (as) =>
        ({ sources }: Site) =>
          sources.bgpConfs.put(aBgpConf({ as })),
    ),
  },
);

it('says after any changes what is made anew from the snapshot', () => {
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 4 }), { maxLength: 12 }), (runs) => {
      const site = new Site();
      for (const changes of runs) {
        for (const apply of changes) apply(site);
        const [snapshot, anew] = [site.snapshot(), site.snapshotAnew()];
        const planned = makePlan(snapshot, site.announcements);
        expect(snapshot.eips).toEqual(anew.eips);
        expect(planned).toEqual(makePlan(anew));
        expect(textOf(planned, site.texts)).toBe(textOf(makePlan(anew)));
        expect(site.layer2.addresses(snapshot)).toEqual(new Layer2AddressIndex().addresses(anew));
      }
    }),
    { numRuns: 100 },
  );
});

it('makes one block anew when one Service changes, and none when a change has no effect', () => {
  const site = new Site();
  const wide = anEip('v4', { address: '198.51.0.0/16' });
  site.sources.eips.put(wide);
  for (let i = 0; i < 1_000; i++)
    site.sources.services.put(aService({ name: `s${i}`, ips: [`198.51.${i >> 8}.${i & 255}`] }));
  const blocks = () => {
    const planned = makePlan(site.snapshot(), site.announcements);
    return planned.kind === 'plan' ? planned.announcements : [];
  };
  const before = blocks();
  expect(before).toHaveLength(4);
  site.sources.services.put(aService({ name: 's5', ips: ['198.51.0.5'], policy: 'Local' }));
  const after = blocks();
  expect(after.filter((block) => !before.includes(block))).toHaveLength(1);
  site.sources.labelledSlices.put(aSlice([anEndpoint('node-2', READY)], { service: 's5' }));
  expect(blocks()).toEqual(after);
  expect(blocks().every((block, i) => block === after[i])).toBe(true);
});
