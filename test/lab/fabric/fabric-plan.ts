/**
 * A leaf-spine fabric in front of the lab's nodes, as data: the picture that many racks have.
 *
 *     outside 10.95.9.2 ── border ──┬── spine1 ──┬── leaf1 10.98.0.251 ──┬── n1, n2, n3
 *                          AS 65300 │   AS 65200 ╳   AS 65101            │
 *                                   └── spine2 ──┴── leaf2 10.98.0.252 ──┘
 *                                       AS 65200     AS 65102
 *
 * Every link between two routers is a subnet of its own, with a session of each family (RFC 7938). Both leaves are on the nodes' switch. The nodes send
 * packets for `outside` to both leaves. If a leaf does not answer ARP, the nodes send them to the other alone.
 */
import {
  BORDER,
  type DualAddress,
  FABRIC_ROUTERS,
  type Layout,
  LEAVES,
  NODE_SUBNET,
  namespaceOf,
  nodeName,
  nodeNumbers,
  OUTSIDE,
  SPINES,
} from '../layout.ts';
import {
  addressed,
  EVERY_NAMESPACE,
  FORWARDING,
  type IpBatch,
  type NetworkPlan,
  ROUTER,
  switchPort,
  up,
} from '../network-plan.ts';

export type FabricRouter = (typeof FABRIC_ROUTERS)[number];

export const AS_NUMBERS: Readonly<Record<FabricRouter, number>> = {
  leaf1: 65101,
  leaf2: 65102,
  spine1: 65200,
  spine2: 65200,
  border: 65300,
};

/** The leaves as the nodes see them. */
export const LEAF_ADDRESSES: Readonly<Record<(typeof LEAVES)[number], DualAddress>> = {
  leaf1: { v4: '10.98.0.251', v6: 'fd98::251' },
  leaf2: { v4: '10.98.0.252', v6: 'fd98::252' },
};

export const OUTSIDE_SUBNET: DualAddress = { v4: '10.95.9.0/24', v6: 'fd95:9::/64' };
export const OUTSIDE_ADDRESS: DualAddress = { v4: '10.95.9.2', v6: 'fd95:9::2' };
const BORDER_OUTSIDE: DualAddress = { v4: '10.95.9.1', v6: 'fd95:9::1' };

/** A wire between two routers. Each end is named after the router at the other. */
export interface FabricLink {
  readonly number: number;
  readonly upper: FabricRouter;
  readonly lower: FabricRouter;
}

const PAIRS: readonly (readonly [FabricRouter, FabricRouter])[] = [
  ...SPINES.flatMap((spine) => LEAVES.map((leaf) => [spine, leaf] as const)),
  ...SPINES.map((spine) => [BORDER, spine] as const),
];
export const FABRIC_LINKS: readonly FabricLink[] = PAIRS.map(([upper, lower], i) => ({ number: i + 1, upper, lower }));

/** The routers at the other ends of a router's wires, with their addresses. */
export function neighborsOf(router: FabricRouter): { readonly name: FabricRouter; readonly address: DualAddress }[] {
  return FABRIC_LINKS.flatMap(({ number, upper, lower }) => {
    if (router === upper) return [{ name: lower, address: linkAddress(number, 1) }];
    return router === lower ? [{ name: upper, address: linkAddress(number, 0) }] : [];
  });
}

/** @param end 0 above, 1 below. */
function linkAddress(number: number, end: 0 | 1): DualAddress {
  return { v4: `10.95.${number}.${end + 1}`, v6: `fd95:${number}::${end + 1}` };
}

export function fabricPlanFor(layout: Layout, nodeCount: number): NetworkPlan {
  const ns = (machine: string) => namespaceOf(layout, machine);
  return {
    namespaces: [...FABRIC_ROUTERS, OUTSIDE].map(ns),
    sysctls: [
      ...FABRIC_ROUTERS.map((router) => ({ namespace: ns(router), settings: [...EVERY_NAMESPACE, ...ROUTER] })),
      { namespace: ns(OUTSIDE), settings: EVERY_NAMESPACE },
      ...nodeNumbers(nodeCount).map((number) => ({ namespace: ns(nodeName(number)), settings: NODE })),
    ],
    steps: [
      [{ lines: links(ns) }],
      [
        { namespace: ns('lan'), lines: LEAVES.flatMap(switchPortLines) },
        ...FABRIC_ROUTERS.map((router) => ({ namespace: ns(router), lines: routerLines(router) })),
        { namespace: ns(OUTSIDE), lines: outsideLines() },
        ...nodeNumbers(nodeCount).map((number) => ({ namespace: ns(nodeName(number)), lines: nodeRoutes('add') })),
      ],
    ],
  };
}

/** Removes the plan's settings from the nodes. Everything else goes with the namespaces. */
export function withoutFabric(layout: Layout, nodeCount: number): IpBatch[] {
  return nodeNumbers(nodeCount).map((number) => ({
    namespace: namespaceOf(layout, nodeName(number)),
    lines: nodeRoutes('delete'),
  }));
}

/** A node does not use a next hop without an ARP answer, and notices within two seconds. */
const NODE = [
  ...FORWARDING,
  'net.ipv4.fib_multipath_hash_policy=1',
  'net.ipv6.fib_multipath_hash_policy=1',
  'net.ipv4.fib_multipath_use_neigh=1',
  ...['ipv4', 'ipv6'].flatMap((family) => [
    `net.${family}.neigh.eth0.base_reachable_time_ms=1000`,
    `net.${family}.neigh.eth0.delay_first_probe_time=1`,
    `net.${family}.neigh.eth0.retrans_time_ms=200`,
  ]),
];

function links(ns: (machine: string) => string): string[] {
  const veth = (name: string, at: string, peer: string, peerAt: string) =>
    `link add ${name} netns ${ns(at)} type veth peer name ${peer} netns ${ns(peerAt)}`;
  return [
    ...LEAVES.map((leaf) => veth(switchPort(leaf), 'lan', 'eth0', leaf)),
    ...FABRIC_LINKS.map(({ upper, lower }) => veth(lower, upper, upper, lower)),
    veth(OUTSIDE, BORDER, 'eth0', OUTSIDE),
  ];
}

function switchPortLines(leaf: string): string[] {
  return [`link set ${switchPort(leaf)} master br0`, ...up(switchPort(leaf))];
}

function routerLines(router: FabricRouter): string[] {
  const own = FABRIC_LINKS.flatMap(({ number, upper, lower }) => {
    if (router === upper) return addressed(lower, linkAddress(number, 0));
    return router === lower ? addressed(upper, linkAddress(number, 1)) : [];
  });
  return [
    ...up('lo'),
    ...own,
    ...(router === 'leaf1' || router === 'leaf2' ? addressed('eth0', LEAF_ADDRESSES[router]) : []),
    ...(router === BORDER ? addressed(OUTSIDE, BORDER_OUTSIDE) : []),
    'route add blackhole default metric 4278198272',
    '-6 route add blackhole default metric 4278198272',
  ];
}

function outsideLines(): string[] {
  const { v4, v6 } = BORDER_OUTSIDE;
  return [
    ...up('lo'),
    ...addressed('eth0', OUTSIDE_ADDRESS),
    `route add default via ${v4}`,
    `-6 route add default via ${v6}`,
  ];
}

function nodeRoutes(verb: 'add' | 'delete'): string[] {
  const via = (family: 'v4' | 'v6') => LEAVES.map((leaf) => `nexthop via ${LEAF_ADDRESSES[leaf][family]}`).join(' ');
  return [`route ${verb} ${OUTSIDE_SUBNET.v4} ${via('v4')}`, `-6 route ${verb} ${OUTSIDE_SUBNET.v6} ${via('v6')}`];
}

/** The leaves accept sessions from these ranges. */
export const LEAF_LISTEN_RANGES = [NODE_SUBNET.v4, NODE_SUBNET.v6] as const;
