/** 200,000 frames, right and wrong, through the real socket path; `npm run test:soak -- frames` has 10 million and another seed each time. */
import { fuzz } from './support/fuzz.ts';

const SEED = 5_227;
const FRAMES = 200_000;
/** A leak of a byte for each frame is 200 kB, of a frame some 20 MB; the garbage that a process carries along is about as much as that. */
const MOST_GROWTH = 60e6;

it(`${FRAMES} frames of seed ${SEED}: no crash, no growth, no answer that the table does not explain, none missing`, async () => {
  const { frames, answers, residentBytes } = await fuzz({ seed: SEED, frames: FRAMES });
  expect(frames).toBeGreaterThanOrEqual(FRAMES);
  expect(answers).toBeGreaterThan(FRAMES / 20);
  expect(residentBytes[1] - residentBytes[0]).toBeLessThan(MOST_GROWTH);
}, 300_000);
