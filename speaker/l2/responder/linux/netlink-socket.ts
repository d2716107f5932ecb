/** Reads interfaces, addresses and routes from the kernel, and receives their changes (rtnetlink(7)). Needs no rights. */
import type { Address } from '../../../../lib/net/address.ts';
import { AF_NETLINK, bind, close, LibcError, receive, SOCK_RAW, send, socket } from './libc.ts';
import {
  addressesRequest,
  linksRequest,
  messagesIn,
  type NetlinkMessage,
  NLMSG_DONE,
  NLMSG_ERROR,
  RTM_NEWROUTE,
  readOutgoing,
  routeRequest,
} from './netlink.ts';
import { type NodeLinks, readLinks } from './read-links.ts';

const NETLINK_ROUTE = 0;
/** Interfaces, IPv4 addresses, IPv6 addresses. Without routes: a node may have a hundred thousand, and the responder needs a few. */
const GROUPS = 0x1 | 0x10 | 0x100;
/** The kernel sends no longer datagrams. */
const LONGEST_DATAGRAM = 64 * 1024;

export class NetlinkSocket {
  /** A descriptor that is readable after a change. */
  readonly changes: number;
  readonly #requests: number;
  readonly #buffer = Buffer.alloc(LONGEST_DATAGRAM);

  constructor() {
    this.#requests = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    this.changes = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    bind(this.changes, netlinkAddress(GROUPS));
  }

  /** @returns the changes since the last call; nothing after an overflow of the socket's buffer. */
  readChanges(): readonly NetlinkMessage[] {
    try {
      return [...this.#datagrams(this.changes)].flatMap(messagesIn);
    } catch (error) {
      if (error instanceof LibcError && error.code === 'ENOBUFS') return [];
      throw error;
    }
  }

  links(): NodeLinks {
    return readLinks([...this.#ask(linksRequest()), ...this.#ask(addressesRequest())]);
  }

  /** @returns index of the interface by which the kernel would send to the address. */
  outgoing(address: Address): number | undefined {
    const answer = this.#ask(routeRequest(address)).find(({ type }) => type === RTM_NEWROUTE);
    return answer && readOutgoing(answer.body);
  }

  [Symbol.dispose](): void {
    close(this.#requests);
    close(this.changes);
  }

  /** The kernel answers within the `send` call, so there is no wait. */
  #ask(request: Buffer): readonly NetlinkMessage[] {
    send(this.#requests, request);
    const messages: NetlinkMessage[] = [];
    for (const datagram of this.#datagrams(this.#requests)) {
      for (const message of messagesIn(datagram)) {
        if (message.type === NLMSG_DONE || message.type === NLMSG_ERROR) return messages;
        messages.push(message);
      }
    }
    return messages;
  }

  *#datagrams(fd: number): Generator<Buffer> {
    for (;;) {
      const length = receive(fd, this.#buffer);
      if (length === undefined) return;
      // A copy, since the next datagram overwrites the buffer.
      yield Buffer.from(this.#buffer.subarray(0, length));
    }
  }
}

/** sockaddr_nl: family (2 bytes), padding (2), port (4; 0 lets the kernel choose), groups (4). */
function netlinkAddress(groups: number): Uint8Array {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt16LE(AF_NETLINK, 0);
  bytes.writeUInt32LE(groups, 8);
  return bytes;
}
