/**
 * What the responder's thread counts, in memory that it shares with the main thread: reading costs it nothing. One place for each name, so there
 * are as many labels as there are names here, whatever comes in.
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
/** What became of a frame that the kernel's filter let through; a fault is one that was dropped for it. */
export const RECEIVED = ['Answered', 'Conflict', 'Taken', 'NotOurs', ...FAULTS] as const;
/** `Unsent`: there was no room, or the link went down. */
export const SENT = ['Answer', 'Announcement', 'Defence', 'Probe', 'Unsent'] as const;

export type Received = (typeof RECEIVED)[number];
export type Sent = (typeof SENT)[number];

const PLACES = new Map<string, number>([...RECEIVED, ...SENT].map((name, place) => [name, place]));

export class ResponderCounts {
  /** To be given to the other thread. */
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
