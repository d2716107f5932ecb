/** The port between the decisions of layer 2 and the responder (`responder.ts`). */
import type { Address } from '../../../lib/net/address.ts';
import type { Layer2Address, Link, OtherOwner } from './link.ts';

export interface Answered extends Layer2Address {
  /**
   * Another node is to take the address over. The responder answers for it as before, but neither reports nor defends against the announcement of the
   * successor.
   */
  readonly isYielding?: boolean;
}

export interface ResponderPort {
  /**
   * Starts the thread and its sockets, with the first Eip of layer 2: clusters without layer 2 have none. Until `onLinks` there are no links. Further calls have
   * no effect.
   */
  start(): void;
  /**
   * The present links, sorted by name: interfaces with an Ethernet address, without loopback, and without ports of a bridge or bond, which answers as a whole.
   * `onLinks` reports changes.
   */
  readonly links: readonly Link[];
  /**
   * Name of the link by which the kernel sends to an address; undefined without a route, and for a route by loopback. Undefined at the first call too, since the
   * answer comes from another thread: `onLinks` reports the answer and each change of it.
   */
  linkTowards(address: Address): string | undefined;
  /**
   * Replaces the set of addresses that this node answers for. The responder announces new addresses at once and a few times more (RFC 5227 §2.3, RFC 4861 §7.2.6).
   * When the promise resolves, it answers for removed ones no more. On a link that comes up, or is new under its name, it announces all addresses of the link.
   */
  answerFor(addresses: readonly Answered[]): Promise<void>;
  /**
   * Probes for addresses: three times within 150 ms (RFC 5227 §2.1.1; a solicitation from `::` for IPv6).
   *
   * For an address that this node answers for, only this node hears the answer, which arrives as a conflict.
   *
   * @returns each machine that answered, by address. The responder does not probe on links that are down.
   */
  probe(addresses: readonly Layer2Address[], signal: AbortSignal): Promise<readonly OtherOwner[]>;
}

export interface ResponderListener {
  onLinks(): void;
  /** Another machine uses an address that this node answers for. Called at most once a second for each address and machine. */
  onConflict(conflict: OtherOwner): void;
}
