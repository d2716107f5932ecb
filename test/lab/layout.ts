/**
 * The names, addresses and paths of a lab, all derived from its three-letter name, so that cleaning up after a crash needs no memory:
 * the name shows everything that a lab can have left. Two labs (say the tests' and the one that a person plays with) stand side by
 * side, because everything but one small link to the control plane lives in network namespaces of the lab's own.
 *
 *     client 10.99.0.2 ── 10.99.0.1 router 10.98.0.254 ──┬── n1 10.98.0.11   pods 10.244.1.0/24
 *                                   (FRR, AS 65000)      ├── n2 10.98.0.12   pods 10.244.2.0/24
 *     this machine 10.97.x.1 ── 10.97.x.2 cp 10.98.0.10 ─┴── n3 10.98.0.13   pods 10.244.3.0/24
 *
 * The client is on another subnet than the nodes and reaches them only by the router's routes.
 */
import { join } from 'node:path';

/** Both addresses of one interface, without prefix length. */
export interface DualAddress {
  readonly v4: string;
  readonly v6: string;
}

export const API_PORT = 6443;
export const POD_CIDRS = ['10.244.0.0/16', 'fd00:244::/56'] as const;
export const SERVICE_CIDRS = ['10.96.0.0/16', 'fd00:96::/108'] as const;
export const ROUTER_AS = 65000;
/** Carries both families of the nodes' LAN; the prefix lengths are the same everywhere in the lab. */
export const PREFIX_LENGTH = { v4: 24, v6: 64 } as const;

export const NODE_SUBNET = { v4: '10.98.0.0/24', v6: 'fd98::/64' } as const;
export const CONTROL_PLANE_ADDRESS: DualAddress = { v4: '10.98.0.10', v6: 'fd98::10' };
/** The router as the nodes see it: their default gateway and BGP neighbour. */
export const ROUTER_ADDRESS: DualAddress = { v4: '10.98.0.254', v6: 'fd98::254' };
/** The router as the client sees it. */
export const ROUTER_CLIENT_SIDE: DualAddress = { v4: '10.99.0.1', v6: 'fd99::1' };
export const CLIENT_ADDRESS: DualAddress = { v4: '10.99.0.2', v6: 'fd99::2' };

/** Of `fabric/`: the leaves, the spines, the border, and the client behind it. */
export const LEAVES = ['leaf1', 'leaf2'] as const;
export const SPINES = ['spine1', 'spine2'] as const;
export const BORDER = 'border';
export const FABRIC_ROUTERS = [...LEAVES, ...SPINES, BORDER] as const;
export const OUTSIDE = 'outside';

const MOST_NODES = 9;
export const STATE_ROOT = '/var/lib/skycap-lab';

/** Where everything of the lab called `name` is. */
export interface Layout {
  readonly name: string;
  /** Logs, keys, sockets and the nodes' disks; removed with the lab. */
  readonly state: string;
  /** One record for each long-lived process, with the data to end it safely. */
  readonly pids: string;
  readonly kubeconfig: string;
  readonly auditLog: string;
  /** Names the cgroup below every hierarchy's root that holds the nodes' pods. */
  readonly cgroup: string;
  /** The link between this machine and the control plane: `host` is an interface here. */
  readonly hostLink: { readonly interface: string; readonly host: string; readonly controlPlane: string };
}

/** @throws {RangeError} when the name is not `sk` and one letter. */
export function layoutOf(name: string): Layout {
  if (!/^sk[a-z]$/.test(name))
    throw new RangeError(`Cannot name a lab "${name}": write sk and one letter, such as skl`);
  const slot = name.charCodeAt(2) - 'a'.charCodeAt(0);
  const state = join(STATE_ROOT, name);
  return {
    name,
    state,
    pids: join(state, 'pids'),
    kubeconfig: join(state, 'pki', 'admin.kubeconfig'),
    auditLog: join(state, 'cp', 'audit.log'),
    cgroup: name,
    hostLink: { interface: `${name}0`, host: `10.97.${slot}.1`, controlPlane: `10.97.${slot}.2` },
  };
}

export function namespaceOf(layout: Layout, machine: string): string {
  return `${layout.name}-${machine}`;
}

/** Every network namespace that a lab of this name can have, whatever number of nodes it was started with; `router2` is the benchmark's, and the last before the nodes are those of `fabric/`. */
export function allNamespaces(layout: Layout): string[] {
  const nodes = Array.from({ length: MOST_NODES }, (_, i) => nodeName(i + 1));
  return ['lan', 'cp', 'router', 'router2', 'client', ...FABRIC_ROUTERS, OUTSIDE, ...nodes].map((m) =>
    namespaceOf(layout, m),
  );
}

export function nodeName(number: number): string {
  return `n${number}`;
}

/** @throws {RangeError} when the lab has no room for that many. */
export function nodeNumbers(count: number): number[] {
  if (!Number.isInteger(count) || count < 1 || count > MOST_NODES) {
    throw new RangeError(`Cannot start ${count} nodes: the lab has room for 1 to ${MOST_NODES}`);
  }
  return Array.from({ length: count }, (_, i) => i + 1);
}

export function nodeAddress(number: number): DualAddress {
  return { v4: `10.98.0.${10 + number}`, v6: `fd98::${10 + number}` };
}

export function nodePodCidrs(number: number): DualAddress {
  return { v4: `10.244.${number}.0/24`, v6: `fd00:244:0:${number}::/64` };
}
