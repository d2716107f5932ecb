/**
 * The one lab of a test run. jest's global setup starts it and puts Skycap into it, every test file attaches to it (`Lab.attach()`),
 * global teardown takes it down. With `SKYCAP_TEST_LAB=skl npm test` the tests use the lab that `npm run lab` keeps, and leave it standing.
 */
import { cleanUp, hasLeftovers, saveLogs } from '../../lab/cleanup.ts';
import { installSkycap, waitForSkycap } from '../../lab/install.ts';
import { Lab, ownerOf } from '../../lab/lab.ts';
import { layoutOf } from '../../lab/layout.ts';
import { prepare } from '../../lab/prepare.ts';
import type { Progress } from '../../lab/progress.ts';

const OWN_LAB = 'skt';

/** Starts the lab with Skycap running in it, or makes sure that the borrowed one is there, and makes it the one that is attached to. */
export async function startTestLab(progress: Progress): Promise<void> {
  const borrowed = borrowedLab();
  const name = borrowed ?? OWN_LAB;
  process.env.SKYCAP_LAB_NAME = name;
  const lab = borrowed ? await Lab.attach(name) : await Lab.start({ ...(await prepare(progress)), name, progress });
  try {
    await progress.step('Skycap installed and running', async () => {
      await installSkycap(lab);
      await waitForSkycap(lab);
    });
  } catch (error) {
    const logs = await lab.saveLogs();
    await takeDownTestLab();
    throw new Error(`${error instanceof Error ? error.message : error}\nLogs: ${logs}`, { cause: error });
  } finally {
    await lab.detach();
  }
}

/** Keeps the logs and takes the run's own lab down. Nothing happens to a borrowed one, or to one that another run uses. */
export async function takeDownTestLab(): Promise<void> {
  const layout = layoutOf(OWN_LAB);
  if (borrowedLab() || !(await hasLeftovers(layout))) return;
  const owner = await ownerOf(layout);
  if (owner && owner.pid !== process.pid) return;
  await saveLogs(layout);
  await cleanUp(layout);
}

function borrowedLab(): string | undefined {
  return process.env.SKYCAP_TEST_LAB || undefined;
}
