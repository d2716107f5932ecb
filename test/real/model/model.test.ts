/**
 * The promises about addresses (docs/architecture.md, "What always holds") under anything that may happen, in any order: a hundred runs of forty
 * steps against a real API server, two webhooks and two allocators that are ended and started meanwhile. `npm run test:soak -- model` does the same for hours.
 *
 * A failure prints its seed and path: `MODEL_SEED=… MODEL_PATH=… npm test -- test/real/model` runs that sequence again.
 */
import fc from 'fast-check';
import { modelProperty, type Progress, untilNoClaims } from './property.ts';
import { Site } from './site.ts';

const RUNS = Number(process.env.MODEL_RUNS ?? 100);

let site: Site;
beforeAll(async () => {
  site = await Site.start();
}, 300_000);
afterAll(() => site?.[Symbol.asyncDispose]());

test('any forty steps leave every address where it belongs', async () => {
  const seed = Number(process.env.MODEL_SEED ?? Date.now() % 2 ** 31);
  const path = process.env.MODEL_PATH;
  const progress: Progress = { runs: 0, steps: 0 };
  const startedMs = performance.now();
  console.info(`model: seed ${seed}`);
  await fc.assert(modelProperty(site, progress), { numRuns: RUNS, seed, endOnFailure: true, ...(path && { path }) });
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
  console.info(`model: ${progress.runs} runs, ${progress.steps} steps in ${seconds} s`);
}, 1_200_000);

test('no claim is left', () => untilNoClaims(site), 120_000);

test('no process has failed, or was refused a right', () => {
  expect(site.faults()).toEqual([]);
});
