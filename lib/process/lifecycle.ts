/**
 * Runs a process from start to end. SIGTERM or SIGINT stops it: the parts stop in the reverse order of their start, within a deadline; a second signal ends the process
 * at once. An unhandled rejection ends the process, since its state is unknown.
 */
import type { Logger } from './log.ts';

/** The part of `process` in use; only main.ts has the real one. */
export interface ProcessLike {
  on(event: string, listener: (argument: unknown) => void): unknown;
  exit(code: number): never | void;
}

export interface RunOptions {
  readonly process: ProcessLike;
  readonly log: Logger;
  /** From the signal to the exit. Kubernetes allows 30 s. @default 20 s */
  readonly stopWithinMs?: number;
}

/** Registers a step for the end of the process; the last registered step runs first. */
export type OnStop = (name: string, stop: () => Promise<void> | void) => void;

const STOP_WITHIN_MS = 20_000;

/**
 * Runs `main` and exits: 0 after a requested stop, 1 if `main` failed, returned early or could not be stopped in time.
 * @param main returns when `signal` has aborted (or throws); its registered steps run after it.
 */
export async function runUntilSignal(
  options: RunOptions,
  main: (signal: AbortSignal, onStop: OnStop) => Promise<void>,
): Promise<void> {
  const { process, log } = options;
  const stop = new AbortController();
  const steps: { readonly name: string; readonly stop: () => Promise<void> | void }[] = [];

  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => onSignal(signal));
  for (const event of ['unhandledRejection', 'uncaughtException'] as const) {
    process.on(event, (err: unknown) => {
      log.fatal({ err, event }, 'process failed');
      process.exit(1);
    });
  }

  function onSignal(signal: string): void {
    if (stop.signal.aborted) {
      log.warn({ signal }, 'process told to stop at once');
      process.exit(1);
      return;
    }
    log.info({ signal }, 'process stopping');
    const giveUp = (): void => {
      log.error({ waitingFor: steps.at(-1)?.name ?? 'main' }, 'process did not stop in time');
      process.exit(1);
    };
    setTimeout(giveUp, options.stopWithinMs ?? STOP_WITHIN_MS).unref();
    stop.abort(new Error(`told to stop by ${signal}`));
  }

  let failed = await main(stop.signal, (name, step) => steps.push({ name, stop: step })).then(
    () => !stop.signal.aborted,
    (err: unknown) => {
      if (stop.signal.aborted && err === stop.signal.reason) return false;
      log.fatal({ err }, 'process failed');
      return true;
    },
  );
  stop.abort(new Error('the process ends'));
  failed = (await stopAll(steps, log)) || failed;
  log.info({ failed }, 'process stopped');
  process.exit(failed ? 1 : 0);
}

/** @returns whether a step failed; the other steps run all the same. */
async function stopAll(
  steps: { readonly name: string; readonly stop: () => Promise<void> | void }[],
  log: Logger,
): Promise<boolean> {
  let failed = false;
  for (let step = steps.at(-1); step; step = steps.at(-1)) {
    try {
      await step.stop();
    } catch (err) {
      failed = true;
      log.error({ err, step: step.name }, 'part did not stop cleanly');
    }
    steps.pop();
  }
  return failed;
}
