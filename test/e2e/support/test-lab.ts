/**
 * The labs of a test run: jest's global setup starts them and puts Skycap into each, every worker of jest has one of them to itself, and global teardown
 * takes them down. One file runs in one lab. With `SKYCAP_TEST_LAB=skl npm test` the tests use the lab that `npm run lab` keeps, and leave it standing.
 */
import { cleanUp, hasLeftovers, saveLogs } from '../../lab/cleanup.ts';
import { installSkycap, waitForSkycap } from '../../lab/install.ts';
import { Lab, ownerOf } from '../../lab/lab.ts';
import { layoutOf } from '../../lab/layout.ts';
import { type Prepared, prepare } from '../../lab/prepare.ts';
import { type Progress, silentProgress } from '../../lab/progress.ts';

const OWN_LABS = ['skt', 'sku'] as const;
/** Read by the workers: names of the run's labs, one for each worker. */
const LABS_VARIABLE = 'SKYCAP_TEST_LABS';

/** Starts a lab with Skycap running in it for each worker, or makes sure that the borrowed one is there. */
export async function startTestLabs(workers: number, progress: Progress): Promise<void> {
  const borrowed = borrowedLab();
  const names = borrowed ? [borrowed] : OWN_LABS.slice(0, workers);
  process.env[LABS_VARIABLE] = names.join();
  try {
    if (borrowed) await putSkycapInto(await Lab.attach(borrowed), progress);
    else await startAll(names, await prepare(progress), progress);
  } catch (error) {
    const logs: string[] = [];
    for (const layout of names.map(layoutOf)) if (await hasLeftovers(layout)) logs.push(await saveLogs(layout));
    await takeDownTestLabs();
    throw new Error(`${error instanceof Error ? error.message : error}\nLogs: ${logs.join(', ')}`, { cause: error });
  }
}

/** Keeps the logs and takes the run's own labs down. Nothing happens to a borrowed one, or to one that another run uses. */
export async function takeDownTestLabs(): Promise<void> {
  if (borrowedLab()) return;
  for (const layout of OWN_LABS.map(layoutOf)) {
    if (!(await hasLeftovers(layout))) continue;
    const owner = await ownerOf(layout);
    if (owner && owner.pid !== process.pid) continue;
    await saveLogs(layout);
    await cleanUp(layout);
  }
}

export function testLabs(): readonly string[] {
  return (process.env[LABS_VARIABLE] ?? '').split(',');
}

/** The lab of this process, a worker of jest. */
export function labOfWorker(): string {
  const names = testLabs();
  return names[(Number(process.env.JEST_WORKER_ID ?? 1) - 1) % names.length]!;
}

/** All at once; only the steps of the first are told. */
async function startAll(names: readonly string[], prepared: Prepared, progress: Progress): Promise<void> {
  const starting = names.map(async (name, index) => {
    const own = index === 0 ? progress : silentProgress;
    await putSkycapInto(await Lab.start({ ...prepared, name, progress: own }), own);
  });
  const failed = (await Promise.allSettled(starting)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

async function putSkycapInto(lab: Lab, progress: Progress): Promise<void> {
  try {
    await progress.step('Skycap installed and running', async () => {
      await installSkycap(lab);
      await waitForSkycap(lab);
    });
  } finally {
    await lab.detach();
  }
}

function borrowedLab(): string | undefined {
  return process.env.SKYCAP_TEST_LAB || undefined;
}
