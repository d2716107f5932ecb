/**
 * The lab's wiring as data: namespaces, links, addresses, routes and kernel settings, to be carried out by `network.ts`.
 *
 * One bridge stands for the nodes' switch, in a namespace of its own so that a node that loses power only loses its cable. The
 * router is every node's default gateway and knows the nodes' subnet and the client's; whatever else comes to it is dropped
 * in silence (a blackhole), as on a real network where an unused address simply does not answer.
 */
import {
  CLIENT_ADDRESS,
  CONTROL_PLANE_ADDRESS,
  type DualAddress,
  type Layout,
  NODE_SUBNET,
  namespaceOf,
  nodeAddress,
  nodeName,
  nodeNumbers,
  nodePodCidrs,
  PREFIX_LENGTH,
  ROUTER_ADDRESS,
  ROUTER_CLIENT_SIDE,
} from './layout.ts';

/** Commands of `ip -batch`, run in one namespace; without one, on the machine itself. */
export interface IpBatch {
  readonly namespace?: string;
  readonly lines: readonly string[];
}

export interface NetworkPlan {
  readonly namespaces: readonly string[];
  /** Set in each namespace before it has links, so that links inherit the defaults. */
  readonly sysctls: readonly { readonly namespace: string; readonly settings: readonly string[] }[];
  /** To be carried out one after another; the batches of one step may run side by side. */
  readonly steps: readonly (readonly IpBatch[])[];
}

export const EVERY_NAMESPACE = [
  'net.ipv6.conf.all.disable_ipv6=0',
  'net.ipv6.conf.default.disable_ipv6=0',
  'net.ipv6.conf.default.accept_ra=0',
  'net.ipv6.conf.default.accept_dad=0',
  'net.ipv4.conf.all.rp_filter=0',
  'net.ipv4.conf.default.rp_filter=0',
];
export const FORWARDING = ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1'];
/** Layer 4 hash: connections of one client spread over equal-cost routes by their port. */
export const ROUTER = [
  ...FORWARDING,
  'net.ipv4.fib_multipath_hash_policy=1',
  'net.ipv6.fib_multipath_hash_policy=1',
  'net.ipv4.conf.all.send_redirects=0',
  'net.ipv4.conf.default.send_redirects=0',
];

export function networkPlanFor(layout: Layout, nodeCount: number): NetworkPlan {
  const numbers = nodeNumbers(nodeCount);
  const ns = (machine: string) => namespaceOf(layout, machine);
  const nodes = numbers.map(nodeName);
  const onLan = ['cp', 'router', ...nodes];
  return {
    namespaces: ['lan', 'client', ...onLan].map(ns),
    sysctls: [
      ...['lan', 'client', 'cp'].map((machine) => ({ namespace: ns(machine), settings: EVERY_NAMESPACE })),
      { namespace: ns('router'), settings: [...EVERY_NAMESPACE, ...ROUTER] },
      ...nodes.map((node) => ({ namespace: ns(node), settings: [...EVERY_NAMESPACE, ...FORWARDING] })),
    ],
    steps: [
      [{ lines: links(layout, onLan, ns) }],
      [
        {
          namespace: ns('lan'),
          lines: [
            ...up('lo', 'br0'),
            ...onLan.flatMap((m) => [`link set ${switchPort(m)} master br0`, ...up(switchPort(m))]),
          ],
        },
        {
          lines: [
            `address add ${layout.hostLink.host}/30 dev ${layout.hostLink.interface}`,
            ...up(layout.hostLink.interface),
          ],
        },
        { namespace: ns('cp'), lines: controlPlaneLines(layout, numbers) },
        { namespace: ns('router'), lines: routerLines() },
        { namespace: ns('client'), lines: clientLines() },
        ...numbers.map((number) => ({ namespace: ns(nodeName(number)), lines: nodeLines(number, numbers) })),
      ],
    ],
  };
}

/** The machine's port on the switch, an interface in the namespace `lan`. */
export function switchPort(machine: string): string {
  return `e-${machine}`;
}

function links(layout: Layout, onLan: readonly string[], ns: (machine: string) => string): string[] {
  return [
    `link add br0 netns ${ns('lan')} type bridge`,
    ...onLan.map((m) => `link add ${switchPort(m)} netns ${ns('lan')} type veth peer name eth0 netns ${ns(m)}`),
    `link add eth1 netns ${ns('router')} type veth peer name eth0 netns ${ns('client')}`,
    `link add ${layout.hostLink.interface} type veth peer name host0 netns ${ns('cp')}`,
  ];
}

function controlPlaneLines(layout: Layout, nodes: readonly number[]): string[] {
  return [
    ...up('lo'),
    ...addressed('eth0', CONTROL_PLANE_ADDRESS),
    `address add ${layout.hostLink.controlPlane}/30 dev host0`,
    ...up('host0'),
    // The API server reaches webhooks at their pods' addresses (--enable-aggregator-routing).
    ...nodes.flatMap(podRoutes),
  ];
}

function routerLines(): string[] {
  return [
    ...up('lo'),
    ...addressed('eth0', ROUTER_ADDRESS),
    ...addressed('eth1', ROUTER_CLIENT_SIDE),
    'route add blackhole default metric 4278198272',
    '-6 route add blackhole default metric 4278198272',
  ];
}

function clientLines(): string[] {
  return [...up('lo'), ...addressed('eth0', CLIENT_ADDRESS), ...defaultRoute(ROUTER_CLIENT_SIDE)];
}

function nodeLines(number: number, all: readonly number[]): string[] {
  const others = all.filter((other) => other !== number);
  return [
    ...up('lo'),
    ...addressed('eth0', nodeAddress(number)),
    ...others.flatMap(podRoutes),
    ...defaultRoute(ROUTER_ADDRESS),
  ];
}

export function up(...interfaces: string[]): string[] {
  return interfaces.map((name) => `link set ${name} up`);
}

export function addressed(name: string, address: DualAddress): string[] {
  return [
    `address add ${address.v4}/${PREFIX_LENGTH.v4} dev ${name}`,
    `address add ${address.v6}/${PREFIX_LENGTH.v6} dev ${name} nodad`,
    ...up(name),
  ];
}

function defaultRoute(via: DualAddress): string[] {
  return [`route add default via ${via.v4}`, `-6 route add default via ${via.v6}`];
}

/** The way to a node's pods: by the node itself, which is on the same subnet. */
function podRoutes(number: number): string[] {
  const { v4, v6 } = nodePodCidrs(number);
  const via = nodeAddress(number);
  return [`route add ${v4} via ${via.v4}`, `-6 route add ${v6} via ${via.v6}`];
}

/** The router accepts BGP sessions from these subnets. */
export const NODE_SUBNETS = [NODE_SUBNET.v4, NODE_SUBNET.v6] as const;
