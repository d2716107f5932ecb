/** The thread of `round-trips.ts`: asks, waits for the answer, rests, and tells all times at the end. */
import { parentPort, workerData } from 'node:worker_threads';
import { ETHERTYPE_ARP } from '../../speaker/l2/frames/arp.ts';
import { readEthernet } from '../../speaker/l2/frames/frame.ts';
import { ETHERTYPE_IPV6 } from '../../speaker/l2/frames/ndp.ts';
import { PollSet } from '../../speaker/l2/responder/libc.ts';
import { PacketSocket } from '../../speaker/l2/responder/packet-socket.ts';
import { ALL, arpIn, neighborIn } from './neighbour.ts';

const DEADLINE_MS = 5_000;
const WARM_UP = 200;

const { index, frames, times, pauseMs } = workerData as {
  readonly index: number;
  readonly frames: readonly Uint8Array[];
  readonly times: number;
  readonly pauseMs: number;
};
const sockets = new Map(
  [ETHERTYPE_ARP, ETHERTYPE_IPV6].map((type) => [type, PacketSocket.open(index, type, ALL)] as const),
);
const rest = new Int32Array(new SharedArrayBuffer(4));
const buffer = Buffer.alloc(2_048);

function roundTrip(frame: Uint8Array): number {
  const socket = sockets.get(readEthernet(frame).etherType)!;
  const ready = new PollSet([socket.fd]);
  const asked = arpIn(frame)?.targetAddress ?? neighborIn(frame)?.target;
  const startedNs = process.hrtime.bigint();
  socket.send(frame);
  for (;;) {
    if (ready.wait(DEADLINE_MS).length === 0) throw new Error('Cannot measure: no answer came');
    const length = socket.receive(buffer);
    const atNs = process.hrtime.bigint();
    if (length !== undefined && answers(buffer.subarray(0, length), asked?.value))
      return Number(atNs - startedNs) / 1_000;
  }
}

function answers(frame: Uint8Array, asked: bigint | undefined): boolean {
  const arp = arpIn(frame);
  if (arp) return arp.operation === 'reply' && arp.senderAddress.value === asked;
  const message = neighborIn(frame);
  return message?.kind === 'advertisement' && message.solicited && message.target.value === asked;
}

const samples: number[][] = frames.map(() => []);
for (let i = -Math.min(WARM_UP, times); i < times; i++) {
  frames.forEach((frame, which) => {
    if (pauseMs > 0) Atomics.wait(rest, 0, 0, pauseMs);
    const microseconds = roundTrip(frame);
    if (i >= 0) samples[which]!.push(microseconds);
  });
}
for (const socket of sockets.values()) socket[Symbol.dispose]();
parentPort!.postMessage(samples);
