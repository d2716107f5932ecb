/** The nodes as this node sees them in its stores: the input of `decide-owner.ts`, and the members of the ring. Pure. */

import { isNodeReady, nodeState } from '../../../lib/announce/node-state.ts';
import type { Node } from '../../../lib/api/service/service.ts';
import type { SpeakerObject } from '../../../lib/api/skycap/speaker-types.ts';
import type { Layer2Node } from '../../../lib/layer2/decide-owner.ts';
import type { Member } from '../peers/peer-watch-port.ts';
import { noticesIn, readReport } from './layer2-status-writer.ts';

export interface NodesSeenInput {
  readonly self: string;
  /** This node's own state, in place of the report in its Speaker object. */
  readonly own: Pick<Layer2Node, 'holds' | 'yields' | 'stopping' | 'unable'>;
  readonly speakers: readonly SpeakerObject[];
  readonly node: (name: string) => Node | undefined;
  readonly live: ReadonlySet<string>;
  readonly heard: ReadonlySet<string>;
}

/** By name; without nodes that have no Speaker object yet. */
export function nodesSeen({ self, own, speakers, node, live, heard }: NodesSeenInput): Map<string, Layer2Node> {
  const seen = new Map<string, Layer2Node>();
  for (const { metadata, status } of speakers) {
    const { name = '' } = metadata;
    const report = readReport(status);
    const { addresses, unable, stopping } = report;
    seen.set(name, {
      node: nodeState(name, node(name)),
      live: live.has(name),
      heard: heard.has(name),
      stopping,
      unable: new Set(unable),
      holds: new Set(addresses.map(({ address }) => address)),
      yields: noticesIn(report),
    });
  }
  return seen.set(self, { node: nodeState(self, node(self)), live: true, heard: true, ...own });
}

/** All nodes with a Lease and an address, live or not: a node that is only suspected stays watched. */
export function ringMembers(names: readonly string[], node: (name: string) => Node | undefined): Member[] {
  return names.toSorted().flatMap((name) => {
    const { addresses } = nodeState(name, node(name));
    const address = addresses[4] ?? addresses[6];
    return address ? [{ name, address }] : [];
  });
}

/**
 * The addresses that this node's former process reported, without those that another node reports now. The report of a node that Kubernetes shows as not
 * Ready does not count: that node may have been off for long.
 */
export function hadBefore(self: string, speakers: readonly SpeakerObject[], node: (name: string) => Node | undefined) {
  const taken = new Set(
    speakers
      .filter(({ metadata }) => metadata.name !== self && isNodeReady(node(metadata.name ?? '')))
      .flatMap(({ status }) => readReport(status).addresses.map(({ address }) => address)),
  );
  const own = speakers.find(({ metadata }) => metadata.name === self);
  return readReport(own?.status).addresses.filter(({ address }) => !taken.has(address));
}
