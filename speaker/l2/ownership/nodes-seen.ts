/** The nodes as this one sees them, from its stores: what `decide-owner.ts` decides by, and who watches whom. Pure. */

import { nodeState } from '../../../lib/announce/node-state.ts';
import type { Node } from '../../../lib/api/service/service.ts';
import type { SpeakerObject } from '../../../lib/api/skycap/speaker-types.ts';
import type { Member } from '../peers/peer-watch-port.ts';
import type { Layer2Node } from './decide-owner.ts';
import { noticesIn, readReport } from './layer2-status-writer.ts';

export interface NodesSeenInput {
  readonly self: string;
  /** What this node has itself, in the place of what its object says. */
  readonly own: Pick<Layer2Node, 'holds' | 'yields' | 'stopping' | 'unable'>;
  readonly speakers: readonly SpeakerObject[];
  readonly node: (name: string) => Node | undefined;
  readonly live: ReadonlySet<string>;
  readonly heard: ReadonlySet<string>;
}

/** By name. One that has not said anything yet is not among them. */
export function nodesSeen({ self, own, speakers, node, live, heard }: NodesSeenInput): Map<string, Layer2Node> {
  const seen = new Map<string, Layer2Node>();
  for (const { metadata, status } of speakers) {
    const { name = '' } = metadata;
    const said = readReport(status);
    const { addresses, unable, stopping } = said;
    seen.set(name, {
      node: nodeState(name, node(name)),
      live: live.has(name),
      heard: heard.has(name),
      stopping,
      unable: new Set(unable),
      holds: new Set(addresses.map(({ address }) => address)),
      yields: noticesIn(said),
    });
  }
  return seen.set(self, { node: nodeState(self, node(self)), live: true, heard: true, ...own });
}

/** Whoever has a Lease and an address, whether it lives or not: one that is only thought dead goes on being watched. */
export function ringMembers(names: readonly string[], node: (name: string) => Node | undefined): Member[] {
  return names.toSorted().flatMap((name) => {
    const { addresses } = nodeState(name, node(name));
    const address = addresses[4] ?? addresses[6];
    return address ? [{ name, address }] : [];
  });
}

/**
 * Of what this node's object says that it had before it was started again: all but what another node says that it has. That of a node which Kubernetes
 * itself holds for gone does not count: it may have been powered off for long.
 */
export function hadBefore(self: string, speakers: readonly SpeakerObject[], node: (name: string) => Node | undefined) {
  const taken = new Set(
    speakers
      .filter(({ metadata }) => metadata.name !== self && isReady(node(metadata.name ?? '')))
      .flatMap(({ status }) => readReport(status).addresses.map(({ address }) => address)),
  );
  const own = speakers.find(({ metadata }) => metadata.name === self);
  return readReport(own?.status).addresses.filter(({ address }) => !taken.has(address));
}

function isReady(node: Node | undefined): boolean {
  return (node?.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');
}
