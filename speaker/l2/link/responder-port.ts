/** What those who decide about layer 2 ask of the one who speaks it; `responder.ts` is the real one. */
import type { Address } from '../../../lib/net/address.ts';
import type { Layer2Address, Link, OtherOwner } from './link.ts';

export interface Answered extends Layer2Address {
  /**
   * About to be another node's: answered for as before, but given up without a word when that one announces it, where a conflict would be
   * told and defended. For whatever this node holds and a successor is called to take.
   */
  readonly isYielding?: boolean;
}

export interface ResponderPort {
  /**
   * From here on there are a thread and its sockets, which a cluster without layer 2 does without. Before it, and until `onLinks`, there are no links.
   * To be called as soon as there is an Eip of layer 2, and as often as one likes.
   */
  start(): void;
  /**
   * The links there are now, sorted by name: what speaks Ethernet and has an address of its own kind, so no loopback, and no port of a
   * bridge or bond, which answers as a whole. `onLinks` tells when they changed.
   */
  readonly links: readonly Link[];
  /**
   * Name of the link by which the kernel would send to an address; undefined without a route, or where that is loopback. Undefined also the
   * first time that it is asked for, since the answer comes from another thread: `onLinks` tells when it is there, and when it is another.
   */
  linkTowards(address: Address): string | undefined;
  /**
   * Replaces all that is answered for. What was not there before is announced at once and a few times more (RFC 5227 §2.3, RFC 4861 §7.2.6);
   * what is left out is no longer answered for when the promise resolves. A link that comes up, or comes anew under its name, is announced on by itself.
   */
  answerFor(addresses: readonly Answered[]): Promise<void>;
  /**
   * Asks on the wire whether somebody has the addresses: three times within 150 ms (RFC 5227 §2.1.1; a solicitation from `::` for IPv6).
   *
   * What this node answers for itself may be asked about as well, without anybody else's hearing the answer: that comes as a conflict.
   *
   * @returns those that somebody else answered for, once for each who did within a moment. One whose link is down is not asked for and not in it.
   */
  probe(addresses: readonly Layer2Address[], signal: AbortSignal): Promise<readonly OtherOwner[]>;
}

export interface ResponderListener {
  onLinks(): void;
  /** Somebody else says that it has what is answered for here. Told at most once a second for each address and machine. */
  onConflict(conflict: OtherOwner): void;
}
