/**
 * The memberships of an interface in the solicited-node groups (RFC 4291 §2.7.1) of its addresses, joined as a host joins them: the kernel reports them by MLD, so
 * that a switch with MLD snooping (RFC 4541) forwards solicitations to this node. A membership of a packet socket would inform only the network card.
 */
import { type Address, formatAddress } from '../../../../lib/net/address.ts';
import { writeAddress } from '../../frames/frame.ts';
import { AF_INET6, close, LibcError, SOCK_DGRAM, setOption, socket } from './libc.ts';

const IPPROTO_IPV6 = 41;
const IPV6_ADD_MEMBERSHIP = 20;
const IPV6_DROP_MEMBERSHIP = 21;
const ADDRESS_BYTES = 16;
/** The kernel keeps the memberships of a socket in limited memory (net.core.optmem_max): 20 kB hold some 400. */
const MOST_OF_A_SOCKET = 256;
const MOST_AT_ONCE = 16;

interface MembershipSocket {
  readonly fd: number;
  count: number;
}

export class MulticastGroups {
  readonly #index: number;
  readonly #sockets: MembershipSocket[] = [];
  readonly #missing = new Map<string, Address>();
  readonly #joined = new Map<string, { readonly group: Address; readonly membershipSocket: MembershipSocket }>();

  constructor(index: number) {
    this.#index = index;
  }

  /** Leaves all other groups. {@link joinSome} joins the missing ones. */
  want(groups: readonly Address[]): void {
    this.#missing.clear();
    for (const group of groups) this.#missing.set(formatAddress(group), group);
    for (const [text, { group, membershipSocket }] of this.#joined) {
      if (!this.#missing.delete(text)) this.#leave(text, group, membershipSocket);
    }
  }

  get isComplete(): boolean {
    return this.#missing.size === 0;
  }

  /**
   * Joins a few of the missing groups. Each takes the kernel a tenth of a millisecond, during which this thread answers no frame.
   *
   * @throws LibcError: ENODEV if the interface is gone or has no IPv6. Joined groups stay joined.
   */
  joinSome(): void {
    for (const [text, group] of [...this.#missing].slice(0, MOST_AT_ONCE)) {
      this.#join(text, group);
      this.#missing.delete(text);
    }
  }

  [Symbol.dispose](): void {
    for (const { fd } of this.#sockets) close(fd);
  }

  #join(text: string, group: Address): void {
    const membershipSocket = this.#socketWithRoom();
    setOption(membershipSocket.fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, this.#membership(group));
    membershipSocket.count++;
    this.#joined.set(text, { group, membershipSocket });
  }

  #leave(text: string, group: Address, membershipSocket: MembershipSocket): void {
    this.#joined.delete(text);
    membershipSocket.count--;
    try {
      setOption(membershipSocket.fd, IPPROTO_IPV6, IPV6_DROP_MEMBERSHIP, this.#membership(group));
    } catch (error) {
      // The membership went with the interface.
      if (!(error instanceof LibcError)) throw error;
    }
  }

  #socketWithRoom(): MembershipSocket {
    const present = this.#sockets.find(({ count }) => count < MOST_OF_A_SOCKET);
    if (present) return present;
    // The socket is never bound, so it has no port and receives nothing.
    const membershipSocket = { fd: socket(AF_INET6, SOCK_DGRAM, 0), count: 0 };
    this.#sockets.push(membershipSocket);
    return membershipSocket;
  }

  /** ipv6_mreq: the group (16 bytes), the interface's index (4). */
  #membership(group: Address): Uint8Array {
    const bytes = Buffer.alloc(ADDRESS_BYTES + 4);
    writeAddress(bytes, 0, group);
    bytes.writeInt32LE(this.#index, ADDRESS_BYTES);
    return bytes;
  }
}
