/** Another machine on the network: sends any frame and hears all ARP and IPv6 that reaches it, by packet sockets of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Address, parseAddress } from '../../lib/net/address.ts';
import { type ArpPacket, decodeArp, ETHERTYPE_ARP, encodeArp } from '../../speaker/l2/frames/arp.ts';
import { writeAddress } from '../../speaker/l2/frames/frame.ts';
import { BROADCAST, type MacAddress, parseMac, UNKNOWN_MAC } from '../../speaker/l2/frames/mac-address.ts';
import { decodeNeighbor, ETHERTYPE_IPV6, type NeighborMessage, neighborReply } from '../../speaker/l2/frames/ndp.ts';
import { SOL_SOCKET, setOption } from '../../speaker/l2/responder/linux/libc.ts';
import { PacketSocket } from '../../speaker/l2/responder/linux/packet-socket.ts';
import { inNamespace, ip } from './namespaces.ts';

/** "Return 262144": the whole frame, whatever it is. */
export const ALL = Buffer.from('0600000000000400', 'hex');
/** Whatever the kernel's limit: a burst must not be lost while this process has something else to do. */
const SO_RCVBUFFORCE = 33;
const ROOM = Buffer.from(Int32Array.of(16 << 20).buffer);

export class Neighbour implements Disposable {
  readonly mac: MacAddress;
  readonly #sockets: readonly PacketSocket[];
  readonly #buffer = Buffer.alloc(9_000);
  #heard: Buffer[] = [];

  constructor(namespace: string, device = 'eth0') {
    const [link] = JSON.parse(ip('-n', namespace, '-json', 'link', 'show', 'dev', device));
    this.mac = parseMac(link.address);
    this.#sockets = inNamespace(namespace, () =>
      [ETHERTYPE_ARP, ETHERTYPE_IPV6].map((type) => PacketSocket.open(link.ifindex, type, ALL)),
    );
    for (const { fd } of this.#sockets) setOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, ROOM);
  }

  /** @throws when the device's queue is full. */
  send(frame: Uint8Array): void {
    if (!this.#sockets[0]!.send(frame)) throw new Error('Cannot send: there is no room');
  }

  /** A request for `target`; by broadcast, where it is not said to whom. */
  askArp(target: string, from: string, to?: MacAddress): void {
    this.send(this.arpRequest(target, from, to));
  }

  arpRequest(target: string, from: string, to?: MacAddress): Uint8Array {
    return arpRequest(parseAddress(target)!, parseAddress(from)!, this.mac, to);
  }

  /** "`address` is here": a reply to all. */
  claimArp(text: string): void {
    const address = parseAddress(text)!;
    const mac = { senderMac: this.mac, targetMac: UNKNOWN_MAC };
    this.send(encodeArp({ operation: 'reply', senderAddress: address, targetAddress: address, ...mac }, BROADCAST));
  }

  /** All frames since the last time. */
  take(): readonly Buffer[] {
    this.#listen();
    const heard = this.#heard;
    this.#heard = [];
    return heard;
  }

  /** The first that `pick` makes something of; what came before it is gone. @throws when none comes in time. */
  async next<T>(what: string, pick: (frame: Buffer) => T | undefined, withinMs = 10_000): Promise<T> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      this.#listen();
      for (let frame = this.#heard.shift(); frame; frame = this.#heard.shift()) {
        const picked = pick(frame);
        if (picked !== undefined) return picked;
      }
      if (performance.now() > deadline) throw new Error(`Cannot go on: ${what} did not come within ${withinMs} ms`);
      await sleep(1);
    }
  }

  /** The frames that come within a time. */
  async during<T>(ms: number, pick: (frame: Buffer) => T | undefined): Promise<readonly T[]> {
    const picked: T[] = [];
    for (const end = performance.now() + ms; performance.now() < end; await sleep(5)) {
      for (const frame of this.take()) {
        const one = pick(frame);
        if (one !== undefined) picked.push(one);
      }
    }
    return picked;
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket[Symbol.dispose]();
  }

  #listen(): void {
    for (const socket of this.#sockets) {
      for (let length = socket.receive(this.#buffer); length !== undefined; length = socket.receive(this.#buffer)) {
        this.#heard.push(Buffer.from(this.#buffer.subarray(0, length)));
      }
    }
  }
}

export function arpRequest(target: Address, source: Address, from: MacAddress, to: MacAddress = BROADCAST): Uint8Array {
  const addresses = { senderAddress: source, targetAddress: target };
  return encodeArp({ operation: 'request', senderMac: from, targetMac: UNKNOWN_MAC, ...addresses }, to);
}

export function arpIn(frame: Uint8Array): ArpPacket | undefined {
  const decoded = decodeArp(frame);
  return decoded.ok ? decoded.value : undefined;
}

export function neighborIn(frame: Uint8Array): NeighborMessage | undefined {
  const decoded = decodeNeighbor(frame);
  return decoded.ok ? decoded.value : undefined;
}

/**
 * A solicitation for `target` from `source`, sent to one machine. It is like the answer to one, whose target is the source and whose source is the target, but for
 * the type, the option and the flags; what they do to the checksum is RFC 1624's.
 */
export function solicitation(target: Address, source: Address, from: MacAddress, to: MacAddress): Uint8Array {
  const asked = { kind: 'solicitation', source: target, destination: target, target: source, sourceMac: to } as const;
  const frame = Buffer.from(neighborReply(asked, from));
  const parts = [54, 58, 62, 64, 66, 68, 70, 72, 74, 76, 78];
  const before = parts.map((at) => frame.readUInt16BE(at));
  frame[54] = 135;
  frame.writeUInt16BE(0, 58);
  writeAddress(frame, 62, target);
  frame[78] = 1;
  let sum = ~frame.readUInt16BE(56) & 0xffff;
  parts.forEach((at, i) => {
    sum += (~before[i]! & 0xffff) + frame.readUInt16BE(at);
  });
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  frame.writeUInt16BE(~sum & 0xffff, 56);
  return frame;
}
