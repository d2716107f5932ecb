/** The sockets on one link, one for ARP and one for IPv6, each only while needed, and the addresses that they answer for. */
import type { Address, Family } from '../../../lib/net/address.ts';
import { ETHERTYPE_ARP } from '../frames/arp.ts';
import { ETHERTYPE_IPV6, solicitedNodeGroup } from '../frames/ndp.ts';
import type { Link } from '../link/link.ts';
import { MulticastGroups } from './linux/multicast-groups.ts';
import { arpFilter, neighborFilter } from './linux/packet-filter.ts';
import { PacketSocket } from './linux/packet-socket.ts';
import { AddressSet } from './rules/address-set.ts';
import { decideAnswer, type FrameAction, type ResponderState } from './rules/decide-answer.ts';

/** A flooded link must not keep the others waiting. */
const MOST_AT_ONCE = 64;
const ETHERTYPES = { 4: ETHERTYPE_ARP, 6: ETHERTYPE_IPV6 } as const;
const FILTERS = { 4: arpFilter, 6: neighborFilter } as const;

export class LinkResponder {
  #link: Link;
  #state: ResponderState;
  readonly #sockets = new Map<Family, PacketSocket>();
  #groups: MulticastGroups | undefined;
  #mayJoin = true;

  constructor(link: Link) {
    this.#link = link;
    this.#state = { mac: link.mac, owned: new AddressSet(), probed: new AddressSet() };
  }

  get link(): Link {
    return this.#link;
  }

  get sockets(): Iterable<PacketSocket> {
    return this.#sockets.values();
  }

  /**
   * Answers for `owned` and listens for `probed` from now on, in place of all former addresses. {@link joinSome} joins the groups.
   *
   * @throws LibcError if a socket can't be opened; the caller tries again.
   */
  serve(link: Link, owned: readonly Address[], probed: readonly Address[]): void {
    this.#link = link;
    this.#state = { mac: link.mac, owned: new AddressSet(owned), probed: new AddressSet(probed) };
    for (const family of [4, 6] as const) this.#open(family, [...owned, ...probed]);
    const groups = owned.filter(({ family }) => family === 6).map(solicitedNodeGroup);
    if (groups.length > 0) this.#groups ??= new MulticastGroups(link.index);
    this.#groups?.want(groups);
    this.#mayJoin = true;
  }

  get hasGroupsToJoin(): boolean {
    return this.#mayJoin && this.#groups?.isComplete === false;
  }

  /** Joins some of the groups. @throws LibcError if one can't be joined; then no more until the next {@link serve}. */
  joinSome(): void {
    this.#mayJoin = false;
    this.#groups?.joinSome();
    this.#mayJoin = true;
  }

  /** Receives a few frames from one of the sockets and yields the action for each. The caller sends the answers. */
  *receive(socket: PacketSocket, buffer: Uint8Array): Generator<FrameAction> {
    for (let i = 0; i < MOST_AT_ONCE; i++) {
      const length = socket.receive(buffer);
      if (length === undefined) return;
      yield decideAnswer(buffer.subarray(0, length), this.#state);
    }
  }

  /** @returns false if the socket's queue is full. */
  send(family: Family, frame: Uint8Array): boolean {
    return this.#sockets.get(family)?.send(frame) ?? false;
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets.values()) socket[Symbol.dispose]();
    this.#sockets.clear();
    this.#groups?.[Symbol.dispose]();
    this.#groups = undefined;
  }

  #open(family: Family, addresses: readonly Address[]): void {
    const { index } = this.#link;
    const ofFamily = addresses.filter((address) => address.family === family);
    const filter = FILTERS[family](ofFamily, index);
    const present = this.#sockets.get(family);
    if (ofFamily.length === 0) {
      present?.[Symbol.dispose]();
      this.#sockets.delete(family);
    } else if (present) {
      present.filter = filter;
    } else {
      this.#sockets.set(family, PacketSocket.open(index, ETHERTYPES[family], filter));
    }
  }
}
