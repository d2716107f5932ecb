/**
 * The solicited-node groups (RFC 4291 §2.7.1) of what is answered for on an interface, joined as a host joins them: the kernel reports them by MLD, so
 * that a switch that listens (RFC 4541) forwards solicitations here. A packet socket's own membership would tell the network card only.
 */
import { type Address, formatAddress } from '../../../../lib/net/address.ts';
import { writeAddress } from '../../frames/frame.ts';
import { AF_INET6, close, LibcError, SOCK_DGRAM, setOption, socket } from './libc.ts';

const IPPROTO_IPV6 = 41;
const IPV6_ADD_MEMBERSHIP = 20;
const IPV6_DROP_MEMBERSHIP = 21;
const ADDRESS_BYTES = 16;
/** The kernel keeps the memberships of a socket in memory that it has little of (net.core.optmem_max): 20 kB hold some 400. */
const MOST_OF_A_SOCKET = 256;
const MOST_AT_ONCE = 16;

interface Holder {
  readonly fd: number;
  count: number;
}

export class MulticastGroups {
  readonly #index: number;
  readonly #holders: Holder[] = [];
  readonly #missing = new Map<string, Address>();
  readonly #joined = new Map<string, { readonly group: Address; readonly holder: Holder }>();

  constructor(index: number) {
    this.#index = index;
  }

  /** Leaves what is not among them; what is missing is joined by {@link joinSome}. */
  want(groups: readonly Address[]): void {
    this.#missing.clear();
    for (const group of groups) this.#missing.set(formatAddress(group), group);
    for (const [text, { group, holder }] of this.#joined) {
      if (!this.#missing.delete(text)) this.#leave(text, group, holder);
    }
  }

  get isComplete(): boolean {
    return this.#missing.size === 0;
  }

  /**
   * A few of those that are missing: each takes the kernel a tenth of a millisecond, in which nobody is answered.
   *
   * @throws LibcError: ENODEV where the interface is gone or does not speak IPv6. What was joined stays.
   */
  joinSome(): void {
    for (const [text, group] of [...this.#missing].slice(0, MOST_AT_ONCE)) {
      this.#join(text, group);
      this.#missing.delete(text);
    }
  }

  [Symbol.dispose](): void {
    for (const { fd } of this.#holders) close(fd);
  }

  #join(text: string, group: Address): void {
    const holder = this.#holderWithRoom();
    setOption(holder.fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, this.#membership(group));
    holder.count++;
    this.#joined.set(text, { group, holder });
  }

  #leave(text: string, group: Address, holder: Holder): void {
    this.#joined.delete(text);
    holder.count--;
    try {
      setOption(holder.fd, IPPROTO_IPV6, IPV6_DROP_MEMBERSHIP, this.#membership(group));
    } catch (error) {
      // With the interface the membership went.
      if (!(error instanceof LibcError)) throw error;
    }
  }

  #holderWithRoom(): Holder {
    const present = this.#holders.find(({ count }) => count < MOST_OF_A_SOCKET);
    if (present) return present;
    // Never bound: it has no port, and nothing can be sent to it.
    const holder = { fd: socket(AF_INET6, SOCK_DGRAM, 0), count: 0 };
    this.#holders.push(holder);
    return holder;
  }

  /** ipv6_mreq: the group (16 bytes), the interface's index (4). */
  #membership(group: Address): Uint8Array {
    const bytes = Buffer.alloc(ADDRESS_BYTES + 4);
    writeAddress(bytes, 0, group);
    bytes.writeInt32LE(this.#index, ADDRESS_BYTES);
    return bytes;
  }
}
