/** The sockets on one link, and who they answer for: one for ARP, one for IPv6, each only while there is something to say. */
import type { Address, Family } from '../../../lib/net/address.ts';
import { ETHERTYPE_ARP } from '../frames/arp.ts';
import { ETHERTYPE_IPV6, solicitedNodeGroup } from '../frames/ndp.ts';
import type { Link } from '../link/link.ts';
import { MulticastGroups } from './linux/multicast-groups.ts';
import { arpFilter, neighborFilter } from './linux/packet-filter.ts';
import { PacketSocket } from './linux/packet-socket.ts';
import { AddressSet } from './rules/address-set.ts';
import { decideAnswer, type FrameAction, type ResponderState } from './rules/decide-answer.ts';

/** So that one link that is flooded does not keep the others waiting. */
const MOST_AT_ONCE = 64;
const ETHERTYPES = { 4: ETHERTYPE_ARP, 6: ETHERTYPE_IPV6 } as const;
const FILTERS = { 4: arpFilter, 6: neighborFilter } as const;

export class LinkResponder {
  #link: Link;
  #post: ResponderState;
  readonly #sockets = new Map<Family, PacketSocket>();
  #groups: MulticastGroups | undefined;
  #mayJoin = true;

  constructor(link: Link) {
    this.#link = link;
    this.#post = { mac: link.mac, owned: new AddressSet(), asked: new AddressSet() };
  }

  get link(): Link {
    return this.#link;
  }

  get sockets(): Iterable<PacketSocket> {
    return this.#sockets.values();
  }

  /**
   * Answers for `owned` and hears about `asked` from now on, and no longer for what was before. Groups are joined by {@link joinSome}.
   *
   * @throws LibcError where a socket can't be opened; to be tried again.
   */
  serve(link: Link, owned: readonly Address[], asked: readonly Address[]): void {
    this.#link = link;
    this.#post = { mac: link.mac, owned: new AddressSet(owned), asked: new AddressSet(asked) };
    for (const family of [4, 6] as const) this.#open(family, [...owned, ...asked]);
    const groups = owned.filter(({ family }) => family === 6).map(solicitedNodeGroup);
    if (groups.length > 0) this.#groups ??= new MulticastGroups(link.index);
    this.#groups?.want(groups);
    this.#mayJoin = true;
  }

  get hasGroupsToJoin(): boolean {
    return this.#mayJoin && this.#groups?.isComplete === false;
  }

  /** Some of the groups. @throws LibcError where one can't be joined; then no more until it is served anew. */
  joinSome(): void {
    this.#mayJoin = false;
    this.#groups?.joinSome();
    this.#mayJoin = true;
  }

  /** What the frames that have come to one of its sockets call for, a few of them; answers are not sent yet. */
  *receive(socket: PacketSocket, buffer: Uint8Array): Generator<FrameAction> {
    for (let i = 0; i < MOST_AT_ONCE; i++) {
      const length = socket.receive(buffer);
      if (length === undefined) return;
      yield decideAnswer(buffer.subarray(0, length), this.#post);
    }
  }

  /** @returns whether there was room for it. */
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
