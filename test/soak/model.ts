/**
 * The promises about addresses (docs/architecture.md, "What always holds") under anything that may happen, in thousands of sequences: see
 * `test/real/model/`, of which `npm test` does a hundred.
 */
import { assertModel, LANES, type Progress, untilNoClaims } from '../real/model/property.ts';
import { Site } from '../real/model/site.ts';
import type { Soak } from './soak.ts';

/** Then the next seed; so the end is never far, and no run is broken off. */
const RUNS_A_SEED = 10;

export const modelSoak: Soak = {
  name: 'model',
  title:
    'sequences of 40 steps against an API server, two webhooks and two allocators that are ended and started meanwhile',
  async run({ durationMs, runs, seed: firstSeed, path, signal }, tell) {
    await using site = await Site.start();
    const progress: Progress = { runs: 0, steps: 0 };
    const deadlineMs = performance.now() + durationMs;
    for (let seed = firstSeed; progress.runs < runs; seed += LANES) {
      if (signal.aborted || performance.now() > deadlineMs) break;
      const left = Math.ceil((runs - progress.runs) / LANES);
      await assertModel(site, progress, { seed, runs: Math.min(RUNS_A_SEED, left), path });
      tell(`${progress.runs} runs, ${progress.steps} steps, up to seed ${seed + LANES - 1}`);
    }
    await untilNoClaims(site);
    return `${progress.runs} runs, ${progress.steps} steps`;
  },
};
