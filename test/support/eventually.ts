/** Waits for a condition with a deadline, so that no test sleeps blindly or loops for ever. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface EventuallyOptions {
  readonly withinMs?: number;
  readonly everyMs?: number;
}

/**
 * Calls `check` until it returns without throwing, and returns what it returned.
 * @throws the last error of `check` once the deadline has passed.
 */
export async function eventually<T>(check: () => T | Promise<T>, options: EventuallyOptions = {}): Promise<T> {
  const { withinMs = 10_000, everyMs = 25 } = options;
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await sleep(everyMs);
  }
}

/** Waits until `condition` holds; `what` is named when it does not. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  options: EventuallyOptions = {},
): Promise<void> {
  await eventually(async () => {
    if (!(await condition())) throw new Error(`Cannot go on: ${what} did not come true in time`);
  }, options);
}
