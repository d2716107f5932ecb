/**
 * The promises about addresses (docs/architecture.md, "What always holds") under anything that may happen, in thousands of sequences: see
 * `test/real/model/`. It still finds something about every twenty runs, so it is no part of CI yet.
 */
import fc from 'fast-check';
import { modelProperty, type Progress, untilNoClaims } from '../real/model/property.ts';
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
    for (let seed = firstSeed; progress.runs < runs; seed++) {
      if (signal.aborted || performance.now() > deadlineMs) break;
      const numRuns = Math.min(RUNS_A_SEED, runs - progress.runs);
      await fc.assert(modelProperty(site, progress), { numRuns, seed, endOnFailure: true, ...(path && { path }) });
      const faults = site.faults();
      if (faults.length > 0) throw new Error(faults.join('\n'));
      tell(`${progress.runs} runs, ${progress.steps} steps, seed ${seed}`);
    }
    await untilNoClaims(site);
    return `${progress.runs} runs, ${progress.steps} steps`;
  },
};
