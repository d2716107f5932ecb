/** Remembers the other nodes from one plan to the next. */
import type { OtherNode } from '../../../lib/announce/other-node.ts';
import { jsonKey } from '../../../lib/api/meta/json-key.ts';
import { type FleetView, otherNodes } from '../../../lib/bgp/other-nodes.ts';
import type { Snapshot } from '../../../lib/snapshot/snapshot.ts';

/** Gives the same array as before where nothing is different: decisions are made anew for another. */
export class OtherNodes {
  #text: string | undefined;
  #others: readonly OtherNode[] = [];

  take(fleet: FleetView, snapshot: Pick<Snapshot, 'nodeName' | 'bgpConf' | 'bgpPeers'>): readonly OtherNode[] {
    const others = otherNodes(fleet, snapshot);
    const text = jsonKey(others);
    if (text !== this.#text) this.#others = others;
    this.#text = text;
    return this.#others;
  }
}
