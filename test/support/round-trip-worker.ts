/**
 * The thread of `round-trips.ts`: asks, waits for the answer, rests, and tells all times at the end.
 *
 * An answer's time is the kernel's own, when the frame arrived: that this thread has to be woken is not the answerer's doing.
 */
import { parentPort, workerData } from 'node:worker_threads';
import koffi from 'koffi';
import { ETHERTYPE_ARP } from '../../speaker/l2/frames/arp.ts';
import { readEtherType } from '../../speaker/l2/frames/frame.ts';
import { ETHERTYPE_IPV6 } from '../../speaker/l2/frames/ndp.ts';
import { PollSet } from '../../speaker/l2/responder/linux/libc.ts';
import { PacketSocket } from '../../speaker/l2/responder/linux/packet-socket.ts';
import { ALL, arpIn, neighborIn } from './neighbour.ts';

const DEADLINE_MS = 5_000;
const WARM_UP = 200;
const CLOCK_REALTIME = 0;
/** When the last frame that was read had arrived (socket(7)); asked for once, it is kept of all later ones. */
const SIOCGSTAMPNS = 0x8907;

const { index, frames, times, pauseMs } = workerData as {
  readonly index: number;
  readonly frames: readonly Uint8Array[];
  readonly times: number;
  readonly pauseMs: number;
};
const sockets = new Map(
  [ETHERTYPE_ARP, ETHERTYPE_IPV6].map((type) => [type, PacketSocket.open(index, type, ALL)] as const),
);
const libc = koffi.load(null);
const clockGettime = libc.func('int clock_gettime(int clock, void *time)');
const ioctl = libc.func('int ioctl(int fd, unsigned long request, void *time)');
const time = Buffer.alloc(16);
const rest = new Int32Array(new SharedArrayBuffer(4));
const buffer = Buffer.alloc(2_048);

function roundTrip(frame: Uint8Array): number {
  const socket = sockets.get(readEtherType(frame))!;
  const ready = new PollSet([socket.fd]);
  const asked = arpIn(frame)?.targetAddress ?? neighborIn(frame)?.target;
  const startedNs = nowNs();
  socket.send(frame);
  for (;;) {
    if (ready.wait(DEADLINE_MS).length === 0) throw new Error('Cannot measure: no answer came');
    const length = socket.receive(buffer);
    if (length !== undefined && answers(buffer.subarray(0, length), asked?.value))
      return Number(arrivedNs(socket) - startedNs) / 1_000;
  }
}

function nowNs(): bigint {
  clockGettime(CLOCK_REALTIME, time);
  return timespec();
}

function arrivedNs({ fd }: PacketSocket): bigint {
  if (ioctl(fd, SIOCGSTAMPNS, time) < 0)
    throw new Error(`Cannot measure: errno ${koffi.errno()} for the time of a frame`);
  return timespec();
}

/** Seconds and nanoseconds, eight bytes each. */
function timespec(): bigint {
  return time.readBigInt64LE(0) * 1_000_000_000n + time.readBigInt64LE(8);
}

function answers(frame: Uint8Array, asked: bigint | undefined): boolean {
  const arp = arpIn(frame);
  if (arp) return arp.operation === 'reply' && arp.senderAddress.value === asked;
  const message = neighborIn(frame);
  return message?.kind === 'advertisement' && message.solicited && message.target.value === asked;
}

for (const { fd } of sockets.values()) ioctl(fd, SIOCGSTAMPNS, time);
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
