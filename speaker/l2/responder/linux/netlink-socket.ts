/** Asks the kernel for interfaces, addresses and routes, and hears when they change (rtnetlink(7)). Needs no rights. */
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
/** Interfaces, IPv4 addresses, IPv6 addresses. Routes are not among them: a node may have a hundred thousand, and few are asked for. */
const GROUPS = 0x1 | 0x10 | 0x100;
/** The kernel fills at most so much at a time. */
const LONGEST_DATAGRAM = 64 * 1024;

export class NetlinkSocket {
  /** Readable when something changed. */
  readonly changes: number;
  readonly #requests: number;
  readonly #buffer = Buffer.alloc(LONGEST_DATAGRAM);

  constructor() {
    this.#requests = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    this.changes = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    bind(this.changes, netlinkAddress(GROUPS));
  }

  /** @returns what was told since the last time; empty also when the kernel had more to tell than there was room for. */
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

  /** The kernel answers while it is asked, so there is nothing to wait for. */
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
      // A copy, since the buffer is used again.
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
