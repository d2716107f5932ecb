/**
 * The promises about addresses (docs/architecture.md, "What always holds") under anything that may happen, in any order: fifty runs of forty
 * steps, or as many as begin within six minutes, against a real API server, two webhooks and two allocators that are ended and started meanwhile.
 * `npm run test:soak -- model` does the same for hours.
 *
 * A failure prints its seed and path: `MODEL_SEED=… MODEL_PATH=… npm test -- test/real/model` runs that sequence again.
 */
import { assertModel, LANES, type Progress, untilNoClaims } from './property.ts';
import { Site } from './site.ts';

const RUNS = Number(process.env.MODEL_RUNS ?? 50);
const WITHIN_MS = 360_000;
/** On a machine that is out of breath. */
const LEAST_RUNS = 10;

let site: Site;
beforeAll(async () => {
  site = await Site.start();
}, 300_000);
afterAll(() => site?.[Symbol.asyncDispose]());

test('any forty steps leave every address where it belongs', async () => {
  const seed = Number(process.env.MODEL_SEED ?? Date.now() % 2 ** 31);
  const progress: Progress = { runs: 0, steps: 0 };
  const startedMs = performance.now();
  process.stderr.write(`model: seed ${seed}\n`);
  await assertModel(site, progress, {
    seed,
    runs: Math.ceil(RUNS / LANES),
    path: process.env.MODEL_PATH,
    withinMs: WITHIN_MS,
  });
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
  process.stderr.write(`model: ${progress.runs} runs, ${progress.steps} steps in ${seconds} s\n`);
  if (!process.env.MODEL_PATH) expect(progress.runs).toBeGreaterThanOrEqual(Math.min(RUNS, LEAST_RUNS));
}, 600_000);

test('no claim is left', () => untilNoClaims(site), 120_000);
