/** Signals that ask a command line of the lab to take its lab down. */

/** As a shell counts a program that Ctrl-C ended. */
export const INTERRUPTED = 130;
const SAME_SIGNAL_MS = 2_000;

/**
 * Resolves at the first signal. One Ctrl-C may cause several signals, from the terminal, from npm and from a parent process. A later Ctrl-C ends the process at once,
 * and leaves the rest to `npm run lab -- down`.
 */
export function signalled(): Promise<typeof INTERRUPTED> {
  return new Promise((resolve) => {
    let first: number | undefined;
    const onSignal = () => {
      first ??= performance.now();
      if (performance.now() - first > SAME_SIGNAL_MS) process.exit(INTERRUPTED);
      resolve(INTERRUPTED);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  });
}
