/** Waits until the machine has nothing to do: what is measured then is the thing itself and not what the measurement before left behind. */
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 40;
/** Of all processors together. A lab at rest takes about 5 %. */
const QUIET_SHARE = 0.2;

/** @returns whether it became quiet within the time; measuring goes on either way, on a machine that others use as well. */
export async function untilQuiet(withinMs = 1_000): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  let before = busyMs();
  do {
    await sleep(LOOK_EVERY_MS);
    const now = busyMs();
    const share = (now.busy - before.busy) / Math.max(1, now.total - before.total);
    if (share <= QUIET_SHARE) return true;
    before = now;
  } while (performance.now() < deadline);
  return false;
}

function busyMs(): { readonly busy: number; readonly total: number } {
  let busy = 0;
  let total = 0;
  for (const { times } of cpus()) {
    busy += times.user + times.nice + times.sys + times.irq;
    total += times.user + times.nice + times.sys + times.irq + times.idle;
  }
  return { busy, total };
}
