/**
 * The counters of the responder's thread, in memory shared with the main thread: reading costs the thread nothing. Each name has one place, so the number of
 * labels does not depend on the frames.
 */
import type { FrameFault } from '../frames/frame.ts';

const FAULTS = [
  'Truncated',
  'OtherProtocol',
  'OtherOperation',
  'BadAddress',
  'BadHopLimit',
  'BadChecksum',
  'BadOption',
  'Malformed',
] as const satisfies readonly FrameFault[];
/** The outcomes of frames that passed the kernel's filter; a frame with a fault was dropped. */
export const RECEIVED = ['Answered', 'Conflict', 'Taken', 'NotOurs', ...FAULTS] as const;
/** `Unsent`: the socket's queue was full, or the link went down. */
export const SENT = ['Answer', 'Announcement', 'Defence', 'Probe', 'Unsent'] as const;

export type Received = (typeof RECEIVED)[number];
export type Sent = (typeof SENT)[number];

const PLACES = new Map<string, number>([...RECEIVED, ...SENT].map((name, place) => [name, place]));

export class ResponderCounts {
  /** For the other thread. */
  readonly memory: SharedArrayBuffer;
  readonly #counts: BigUint64Array;

  constructor(memory = new SharedArrayBuffer(PLACES.size * BigUint64Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#counts = new BigUint64Array(memory);
  }

  add(name: Received | Sent): void {
    Atomics.add(this.#counts, PLACES.get(name)!, 1n);
  }

  get(name: Received | Sent): number {
    return Number(Atomics.load(this.#counts, PLACES.get(name)!));
  }
}
