/** A packet socket (packet(7)) on one interface, for frames of one EtherType with their Ethernet headers. */
import {
  AF_PACKET,
  attachFilter,
  bind,
  close,
  receive,
  SOCK_RAW,
  SOL_SOCKET,
  send,
  setOption,
  socket,
} from './libc.ts';

const SOCKADDR_LL_BYTES = 20;
const NO_PROTOCOL = 0;
const SO_RCVBUF = 8;
/** More than the kernel gives (net.core.rmem_max): as much as it will, for when all neighbours ask at once. */
const RECEIVE_BYTES = 1 << 20;

export class PacketSocket {
  readonly fd: number;

  private constructor(fd: number) {
    this.fd = fd;
  }

  /**
   * The filter is there before anything can come: without a protocol nothing is queued, and `bind` gives it one.
   *
   * @throws LibcError: EPERM without the right (NET_RAW), ENODEV where the interface is gone, ENETDOWN …
   */
  static open(index: number, etherType: number, filter: Uint8Array): PacketSocket {
    const fd = socket(AF_PACKET, SOCK_RAW, NO_PROTOCOL);
    try {
      attachFilter(fd, filter);
      const size = Buffer.alloc(4);
      size.writeInt32LE(RECEIVE_BYTES);
      setOption(fd, SOL_SOCKET, SO_RCVBUF, size);
      // sockaddr_ll: family (2 bytes), protocol in network order (2), index (4), what `bind` does not read (12).
      const address = Buffer.alloc(SOCKADDR_LL_BYTES);
      address.writeUInt16LE(AF_PACKET, 0);
      address.writeUInt16BE(etherType, 2);
      address.writeInt32LE(index, 4);
      bind(fd, address);
      return new PacketSocket(fd);
    } catch (error) {
      close(fd);
      throw error;
    }
  }

  set filter(program: Uint8Array) {
    attachFilter(this.fd, program);
  }

  /** @returns how many bytes came, or undefined when there is nothing now. */
  receive(buffer: Uint8Array): number | undefined {
    return receive(this.fd, buffer);
  }

  /** @returns whether there was room for it. */
  send(frame: Uint8Array): boolean {
    return send(this.fd, frame);
  }

  [Symbol.dispose](): void {
    close(this.fd);
  }
}
