/** What those who decide about layer 2 ask of the one who watches other nodes from here: the fast word that one of them is gone. */
import type { Address } from '../../../lib/net/address.ts';

/** A node that takes part in layer 2, and the address by which others reach it. */
export interface Member {
  readonly name: string;
  readonly address: Address;
}

export interface PeerWatchPort {
  /** Nodes that this one watches, saw go from Up to Down, and that are still down. One that was never Up is not in it: a firewall is no failure. */
  readonly lost: ReadonlySet<string>;
  /** Whether any of those who watch this node still sees it; `unknown` as long as none has been Up since the members are what they are. */
  readonly seenByWatchers: 'yes' | 'no' | 'unknown';
  /** Replaces the members, this node among them; the ring follows from them. None: nobody is watched. Cheap where nothing changed. */
  watch(members: readonly Member[]): void;
}

export interface PeerWatchListener {
  /** `lost` or `seenByWatchers` is another. */
  onChange(): void;
}
