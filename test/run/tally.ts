/** Adds up what the runs of jest came to. */

/** What `tally-reporter.js` writes. */
export interface JestResults {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  /** Files that could not even be loaded. */
  readonly numRuntimeErrorTestSuites: number;
  readonly failedFiles: readonly FailedFile[];
}

export interface FailedFile {
  readonly path: string;
  readonly numPassedTests: number;
  /** Full names of the tests that failed; none for a file that could not be loaded. */
  readonly failures: readonly string[];
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

/** More files than this that fail are no accident of a busy machine. */
const MOST_FILES_AGAIN = 4;

/** The files to run once more, alone: a test that waits for a real cluster on a machine that others use may run out of time once. */
export function filesToRunAgain(results: JestResults | undefined): readonly FailedFile[] {
  const failed = results?.failedFiles ?? [];
  return failed.length <= MOST_FILES_AGAIN ? failed : [];
}

/** What a suite came to when files of it were run again: of those the second run counts. */
export function tallyAfter(first: Tally, again: readonly FailedFile[], second: Tally): Tally {
  const counted = again.reduce((sum, { numPassedTests }) => sum + numPassedTests, 0);
  return { passed: first.passed - counted + second.passed, failed: second.failed };
}

/** Said before the last line, so that nobody takes an unsteady test for a steady one. */
export function formatUnsteady(failures: readonly string[]): string {
  const list = failures.map((name) => `  ${name}`).join('\n');
  return `Failed at first and passed when their files were run again, alone; each is a test or a product to be mended:\n${list}`;
}

/** The last line of `npm test`. */
export function formatTally({ passed, failed }: Tally): string {
  return `${passed} passed, ${failed} failed`;
}

/** A run without any test is a mistake, not a success. */
export function succeeded({ passed, failed }: Tally): boolean {
  return failed === 0 && passed > 0;
}
