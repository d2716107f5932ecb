/** Ten million frames, right and wrong, through the responder's sockets: see `test/real/l2/`. */
import { fuzz } from '../real/l2/support/fuzz.ts';
import type { Soak } from './soak.ts';

const FRAMES = 10_000_000;
/** A leak of ten bytes for each frame is 100 MB. */
const MOST_GROWTH = 60e6;

export const framesSoak: Soak = {
  name: 'frames',
  title: 'ARP and neighbour discovery of all kinds; each answer of the responder explained, and nothing grown',
  async run({ durationMs, runs, seed, signal: stop }, tell) {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(durationMs)]);
    const result = await fuzz({ seed, frames: Math.min(runs, FRAMES), signal, tell });
    const [first, last] = result.residentBytes;
    if (first > 0 && last - first > MOST_GROWTH) {
      throw new Error(`Cannot stay small: ${first} bytes resident after a tenth, ${last} at the end`);
    }
    return `${result.frames} frames, ${result.answers} answers`;
  },
};
