/** Views of layer 2 for tests: nodes and addresses, with what a test is about given by the caller. */

import { nodeState } from '../../lib/announce/node-state.ts';
import { hashOf, rankOf } from '../../lib/announce/rendezvous.ts';
import type { EipObject } from '../../lib/api/eip/eip-types.ts';
import type { EndpointSlice, Node, Service } from '../../lib/api/service/service.ts';
import type { Layer2Node, View } from '../../lib/layer2/decide-owner.ts';
import type { Snapshot } from '../../lib/snapshot/snapshot.ts';
import { Layer2AddressIndex } from '../../speaker/l2/ownership/layer2-addresses.ts';
import { aNode, anEip, aService, aSnapshot } from './speaker-builders.ts';

export interface NodeOptions extends Partial<Omit<Layer2Node, 'node' | 'holds' | 'yields' | 'unable'>> {
  readonly yields?: readonly string[];
  readonly holds?: readonly string[];
  readonly unable?: readonly string[];
  readonly node?: Partial<Node> & Pick<Node['metadata'], 'labels' | 'annotations'>;
}

export interface ViewOptions extends Partial<Pick<View, 'self' | 'cutOff' | 'settled'>> {
  /** By name. */
  readonly nodes?: Readonly<Record<string, NodeOptions>>;
  readonly services?: readonly Service[];
  readonly slices?: readonly EndpointSlice[];
  readonly eips?: readonly EipObject[];
  readonly partitionConflicts?: readonly string[];
  /** In the place of services, slices and eips, where a test has many views of the same. */
  readonly wanted?: View['wanted'];
  readonly probed?: Readonly<Record<string, 'free' | 'answered'>>;
}

export const ADDRESS = '198.51.100.7';
export const LAYER2_EIP = anEip('v4', { protocol: 'layer2' });
export const EXCLUDED = { node: { labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } } };
export const CORDONED = { node: { spec: { unschedulable: true } } };
export const IN_MAINTENANCE = { node: { annotations: { 'skycap.io/maintenance': 'true' } } };

/** Three nodes that live and have nothing, and one address, where the caller says nothing else. */
export function aView(options: ViewOptions = {}): View {
  const nodes = options.nodes ?? { 'node-1': {}, 'node-2': {}, 'node-3': {} };
  return {
    self: options.self ?? 'node-1',
    nodes: new Map(Object.entries(nodes).map(([name, one]) => [name, aLayer2Node(name, one)])),
    wanted: options.wanted ?? wantedOf(options),
    cutOff: options.cutOff ?? false,
    settled: options.settled ?? false,
    probed: new Map(Object.entries(options.probed ?? {})),
    partitionConflicts: new Set(options.partitionConflicts),
  };
}

export function layer2Addresses(snapshot: Snapshot): View['wanted'] {
  return new Layer2AddressIndex().addresses(snapshot);
}

export function wantedOf({ services, slices = [], eips = [LAYER2_EIP] }: ViewOptions): View['wanted'] {
  return layer2Addresses(aSnapshot({ services: services ?? [aService({ ips: [ADDRESS] })], slices, eips }));
}

export function aLayer2Node(
  name: string,
  { node, holds, yields, unable, live, heard, stopping }: NodeOptions = {},
): Layer2Node {
  const { labels, annotations, ...rest } = node ?? {};
  const metadata = { name, ...(labels && { labels }), ...(annotations && { annotations }) };
  const object = aNode({ name, ...rest, metadata });
  return {
    node: nodeState(name, object),
    live: live ?? true,
    heard: heard ?? live ?? true,
    stopping: stopping ?? false,
    unable: new Set(unable),
    holds: new Set(holds),
    yields: new Set(yields),
  };
}

/** The names in the order in which they come to have the address. */
export function byRank(names: readonly string[], address = ADDRESS): string[] {
  const hash = hashOf(address);
  return names.toSorted((a, b) => rankOf(hashOf(b), hash) - rankOf(hashOf(a), hash));
}
