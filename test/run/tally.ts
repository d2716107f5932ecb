/** Adds up what the runs of jest came to. */

/** What `tally-reporter.js` writes. */
export interface JestResults {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  /** Files that could not even be loaded. */
  readonly numRuntimeErrorTestSuites: number;
}

export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

export const NO_TESTS: Tally = { passed: 0, failed: 0 };

/**
 * @param results undefined when jest ended before it could write any.
 * @param exitCode jest's own; a run that ended badly without a failed test is itself a failure.
 */
export function tallyOf(results: JestResults | undefined, exitCode: number): Tally {
  const passed = results?.numPassedTests ?? 0;
  const failed = results ? results.numFailedTests + results.numRuntimeErrorTestSuites : 0;
  return { passed, failed: failed === 0 && exitCode !== 0 ? 1 : failed };
}

export function addTallies(a: Tally, b: Tally): Tally {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed };
}

/** The last line of `npm test`. */
export function formatTally({ passed, failed }: Tally): string {
  return `${passed} passed, ${failed} failed`;
}

/** A run without any test is a mistake, not a success. */
export function succeeded({ passed, failed }: Tally): boolean {
  return failed === 0 && passed > 0;
}
