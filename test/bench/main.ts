/**
 * `npm run bench`: a lab of its own, Skycap in it, and what docs/performance.md has goals for, each figure beside a baseline of the same run.
 *
 *     npm run bench                         every row
 *     npm run bench -- creation route       some of them
 *     npm run bench -- nodes --nodes=5000   larger steps of a row
 *     npm run bench -- scale --services=1000
 *     npm run bench -- --quick              with a tenth of the repetitions, to try it out
 *     SKYCAP_TEST_LAB=skl npm run bench     in the lab that `npm run lab` keeps
 */
import { applyExamples, readExamples, waitForSessions } from '../lab/demo.ts';
import { installSkycap, waitForSkycap } from '../lab/install.ts';
import { Lab } from '../lab/lab.ts';
import { prepare, preparePrograms } from '../lab/prepare.ts';
import { consoleProgress } from '../lab/progress.ts';
import { INTERRUPTED, signalled } from '../lab/signalled.ts';
import { Bench } from './bench.ts';
import { type Figure, formatTable } from './figures.ts';
import { machineLine } from './machine-line.ts';
import { type BenchOptions, parseBenchOptions } from './options.ts';
import { chosenRows, type LabRow, ROWS } from './rows.ts';

const LAB_NAME = 'skb';

class Interrupted extends Error {}

const progress = consoleProgress();
/** Rejects at a signal. A measurement can't be stopped: it fails while the lab is taken down, and the process ends after that. */
const interruption = signalled().then(() => {
  process.on('unhandledRejection', () => undefined);
  throw new Interrupted('interrupted');
});
interruption.catch(() => undefined);

async function main(args: readonly string[]): Promise<void> {
  const options = parseBenchOptions(args);
  const rows = chosenRows(ROWS, options.rows);
  const figures: Figure[] = [];
  const note = options.quick ? '; quick: too few repetitions to go by' : '';
  try {
    const inLab = rows.filter((row) => row.needs === 'lab');
    if (inLab.length > 0) await measureInLab(inLab, options, figures);
    if (rows.some((row) => row.needs === 'plane')) process.env.SKYCAP_LAB_BIN ??= await preparePrograms(progress);
    for (const { title, measure } of rows.filter((row) => row.needs !== 'lab')) {
      const measured = progress.step(title, (tell) => measure(options, tell));
      figures.push(...(await Promise.race([measured, interruption])));
    }
  } finally {
    // What took minutes to measure is not lost to what failed after it.
    if (figures.length > 0) process.stdout.write(`${formatTable(figures)}\n\n${machineLine()}${note}\n`);
  }
}

/** Adds to `figures` row by row. */
async function measureInLab(rows: readonly LabRow[], options: BenchOptions, figures: Figure[]): Promise<void> {
  const borrowed = process.env.SKYCAP_TEST_LAB;
  const lab = borrowed ? await Lab.attach(borrowed) : await startLab();
  try {
    await Promise.race([measureRows(lab, rows, options, figures), interruption]);
  } catch (error) {
    if (!(error instanceof Interrupted)) process.stderr.write(`Logs: ${await lab.saveLogs()}\n`);
    throw error;
  } finally {
    await (borrowed ? lab.detach() : lab.dispose());
  }
}

async function measureRows(lab: Lab, rows: readonly LabRow[], options: BenchOptions, figures: Figure[]): Promise<void> {
  await using bench = await progress.step('a pool, and sessions with both routers', () =>
    Bench.open(lab, options.quick),
  );
  for (const { title, measure } of rows) figures.push(...(await progress.step(title, () => measure(bench, options))));
  if (bench.missed > 0) {
    figures.push({ what: 'creations that the webhook did not answer within 3 s', measured: `${bench.missed}` });
  }
}

async function startLab(): Promise<Lab> {
  const prepared = await prepare(progress);
  const lab = await progress.step('cluster ready', () =>
    Lab.start({ ...prepared, name: process.env.SKYCAP_LAB_NAME || LAB_NAME, progress }),
  );
  try {
    const installed = progress.step('Skycap installed and running', async () => {
      await installSkycap(lab);
      await waitForSkycap(lab);
      const { configuration } = await readExamples(lab);
      await applyExamples(lab, { configuration, services: [], workloads: [] });
      await waitForSessions(lab);
    });
    await Promise.race([installed, interruption]);
    return lab;
  } catch (error) {
    if (!(error instanceof Interrupted)) process.stderr.write(`Logs: ${await lab.saveLogs()}\n`);
    await lab.dispose();
    throw error;
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  if (error instanceof Interrupted) process.exit(INTERRUPTED);
  process.exitCode = 1;
}
