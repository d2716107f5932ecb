/** The cluster that a change is tried on: the objects as the API server has them, and the settings of the installation. PURE. */

import { type KubeObject, keyOf } from '../../api/meta/object.ts';
import type { Node } from '../../api/service/service.ts';
import type { SpeakerObject } from '../../api/skycap/speaker-types.ts';
import type { Family } from '../../net/address.ts';
import { isLost } from '../../reach/heard-speaker.ts';
import type { Kinds } from '../../snapshot/cluster-read.ts';
import type { Settings as ComponentSettings } from '../world.ts';

/** The kinds that decide. */
export const WORLD_KINDS = [
  ...(['services', 'endpointSlices', 'namespaces', 'nodes', 'eips', 'eipClaims'] as const),
  ...(['bgpConfs', 'bgpPeers', 'speakers', 'serviceCidrs', 'configMaps'] as const),
] as const satisfies readonly (keyof Kinds)[];

export type Objects = { readonly [K in (typeof WORLD_KINDS)[number]]: readonly Kinds[K][] };

export interface World extends Objects {
  /** Eips that are gone, or lost addresses by an edit, as Speakers report them in JSON: nodes announce addresses of theirs that are published still. */
  readonly formerEips: readonly string[];
  /** The UIDs of deleted Eips whose addresses the Services lose. */
  readonly releasedEips: ReadonlySet<string>;
  readonly settings: Settings;
}

/** The settings of the components. */
export interface Settings extends Pick<ComponentSettings, 'unmarkedServices' | 'protocols'> {
  /** Of the ConfigMap with a policy. */
  readonly namespace: string;
  /** The family of a Service that names none. */
  readonly primaryFamily: Family;
  /** Unix time. */
  readonly nowMs: number;
}

/** A node whose speaker runs. */
export interface RunningNode {
  readonly name: string;
  readonly object: Node;
  readonly status: NonNullable<SpeakerObject['status']>;
}

export function worldFrom(objects: Objects, settings: Settings): World {
  const formerEips = objects.speakers.flatMap(({ status }) => status?.formerEips ?? []);
  return { ...objects, formerEips, releasedEips: new Set(), settings };
}

/** Sorted by name: without nodes that are gone, that Kubernetes has lost, or whose speaker has ended. */
export function runningNodes({ nodes, speakers }: Pick<World, 'nodes' | 'speakers'>): readonly RunningNode[] {
  const byName = new Map(nodes.map((node) => [node.metadata.name ?? '', node]));
  const running = speakers.flatMap(({ metadata: { name = '' }, status }): RunningNode[] => {
    const object = byName.get(name);
    return object && status && !status.stopping && !isLost(object) ? [{ name, object, status }] : [];
  });
  return running.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A namespace that may not be read has no labels here. */
export function namespacesOf({ namespaces }: World): { get(name: string): KubeObject } {
  const byName = new Map<string, KubeObject>(namespaces.map((one) => [keyOf(one), one]));
  return { get: (name) => byName.get(name) ?? { metadata: { name } } };
}
