/**
 * Frames as a network may bring them, a seed's sequence of them: right ones, right ones with a byte or more changed, cut off or grown, and noise. Quick, since
 * millions are made.
 */
import { type Address, addressOf } from '../../../../lib/net/address.ts';
import { arpAnnouncement, arpProbe, encodeArp } from '../../../../speaker/l2/frames/arp.ts';
import { BROADCAST, type MacAddress, UNKNOWN_MAC } from '../../../../speaker/l2/frames/mac-address.ts';
import { neighborAnnouncement, neighborProbe } from '../../../../speaker/l2/frames/ndp.ts';
import { solicitation } from '../../../support/neighbour.ts';

export interface Cast {
  /** What is answered for, of both families. */
  readonly owned: readonly Address[];
  readonly responder: MacAddress;
  readonly sender: MacAddress;
}

const LONGEST = 1_514;
const SHORTEST = 14;

/** Mulberry32: 32 bits of state are enough for what is to be done again by its seed. */
export function numbersOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

export function makeFrame(random: (below: number) => number, cast: Cast): Uint8Array {
  const kind = random(10);
  if (kind === 0) return noisyFrame(random);
  const frame = rightFrame(random, cast);
  return kind < 4 ? frame : spoiled(random, frame);
}

function rightFrame(random: (below: number) => number, { owned, responder, sender }: Cast): Uint8Array {
  const target = owned[random(owned.length)]!;
  const other = near(random, target);
  const address = random(2) === 0 ? target : other;
  const to = random(2) === 0 ? BROADCAST : responder;
  switch (random(4)) {
    case 0:
      return address.family === 4 ? arpProbe(address, sender) : neighborProbe(address, sender);
    case 1:
      return address.family === 4 ? arpAnnouncement(address, sender) : neighborAnnouncement(address, sender);
    default: {
      if (address.family === 6) return solicitation(address, other, sender, responder);
      const operation = random(8) === 0 ? 'reply' : 'request';
      const packet = {
        operation,
        senderMac: sender,
        senderAddress: other,
        targetMac: UNKNOWN_MAC,
        targetAddress: address,
      } as const;
      return encodeArp(packet, to);
    }
  }
}

function spoiled(random: (below: number) => number, frame: Uint8Array): Uint8Array {
  const bytes = Buffer.from(frame);
  for (let i = random(4); i >= 0; i--) bytes[random(bytes.length)] = random(256);
  switch (random(6)) {
    case 0:
      return bytes.subarray(0, SHORTEST + random(bytes.length - SHORTEST));
    case 1:
      return Buffer.concat([bytes, noise(random, random(200))]);
    default:
      return bytes;
  }
}

/** Half of them of a protocol that is looked at. */
function noisyFrame(random: (below: number) => number): Uint8Array {
  const frame = noise(random, SHORTEST + random(LONGEST - SHORTEST));
  if (random(2) === 0) frame.writeUInt16BE(random(2) === 0 ? 0x0806 : 0x86dd, 12);
  return frame;
}

function noise(random: (below: number) => number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = random(256);
  return bytes;
}

/** One of the eight next to it, or itself. */
function near(random: (below: number) => number, { family, value }: Address): Address {
  return addressOf(family, value + BigInt(random(8)));
}
