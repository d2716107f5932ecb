/** The port between the decisions of layer 2 and the watch of other nodes by BFD (`peer-watch.ts`), which notices a loss fast. */
import type { Address } from '../../../lib/net/address.ts';

/** A node that takes part in layer 2, and the address by which others reach it. */
export interface Member {
  readonly name: string;
  readonly address: Address;
}

export interface PeerWatchPort {
  /** The nodes that this node watches and whose session went from Up to Down. Without nodes that were never Up: a firewall is no failure. */
  readonly lost: ReadonlySet<string>;
  /** Whether a node that watches this one still has a session Up; `unknown` while none has been Up with the present members. */
  readonly seenByWatchers: 'yes' | 'no' | 'unknown';
  /** Replaces the members of the ring, with this node. Without members the watch ends. Cheap without a change. */
  watch(members: readonly Member[]): void;
}

export interface PeerWatchListener {
  /** `lost` or `seenByWatchers` has changed. */
  onChange(): void;
}
