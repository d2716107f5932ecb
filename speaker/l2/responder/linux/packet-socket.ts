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
/** More than the kernel allows (net.core.rmem_max), so as much as possible: all neighbours may ask at once. */
const RECEIVE_BYTES = 1 << 20;

export class PacketSocket {
  readonly fd: number;

  private constructor(fd: number) {
    this.fd = fd;
  }

  /**
   * Attaches the filter before the socket receives anything: it has no protocol until `bind`.
   *
   * @throws LibcError: EPERM without the right (NET_RAW), ENODEV if the interface is gone, ENETDOWN …
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

  /** @returns the number of bytes, or undefined if there is no frame now. */
  receive(buffer: Uint8Array): number | undefined {
    return receive(this.fd, buffer);
  }

  /** @returns false if the queue is full. */
  send(frame: Uint8Array): boolean {
    return send(this.fd, frame);
  }

  [Symbol.dispose](): void {
    close(this.fd);
  }
}
