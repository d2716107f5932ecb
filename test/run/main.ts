/**
 * `npm test` and `npm run test:unit`: prepares what the chosen tests need, runs jest once a suite, and ends with `N passed, N failed`.
 *
 *     npm test                          everything
 *     npm test -- test/e2e/demo         what matches, in whichever suite it is
 *     npm run test:unit -- --watch      options go to jest
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { takeDownTestLabs } from '../e2e/support/test-lab.ts';
import { prepareHelmProgram, preparePackages, preparePrograms } from '../lab/prepare.ts';
import { consoleProgress } from '../lab/progress.ts';
import { GOBGP_PACKAGE } from '../real/bird/support/gobgp.ts';
import { OPENBGPD_PACKAGE } from '../real/bird/support/openbgpd.ts';
import { PROMETHEUS_PACKAGE } from '../real/monitoring/support/prometheus.ts';
import { missingLinkKinds } from '../support/link-kinds.ts';
import { OTHER_KERNEL } from '../support/other-kernel.ts';
import { type Suite, suitesFor } from './suites.ts';
import {
  addTallies,
  type FailedFile,
  filesToRunAgain,
  formatTally,
  formatUnsteady,
  type JestResults,
  NO_TESTS,
  succeeded,
  type Tally,
  tallyAfter,
  tallyOf,
} from './tally.ts';

const JEST = 'node_modules/jest/bin/jest.js';
/** As a shell counts a program that a signal ended. */
const INTERRUPTED = { SIGINT: 130, SIGTERM: 143 } as const;
/** jest runs ES modules by this; its warning is no news. */
const NODE_OPTIONS = '--experimental-vm-modules --disable-warning=ExperimentalWarning';

async function main(which: string, jestArguments: readonly string[]): Promise<number> {
  const suites = suitesFor(which);
  const env = suites.some(({ needsMachine }) => needsMachine) ? await prepareMachine() : {};
  let total = NO_TESTS;
  const unsteady: string[] = [];
  let interrupted: keyof typeof INTERRUPTED | undefined;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => (interrupted ??= signal));
  for (const suite of suites) {
    process.stderr.write(`\n── ${suite.title}\n\n`);
    const first = await runSuite(suite, jestArguments, env);
    if (interrupted) return INTERRUPTED[interrupted];
    const again = suite.needsMachine ? filesToRunAgain(first.results) : [];
    if (again.length === 0) {
      total = addTallies(total, first.tally);
      continue;
    }
    process.stderr.write(`\n── once more, alone: ${again.map(({ path }) => relative('.', path)).join(', ')}\n\n`);
    const second = await runSuite(suite, ['--runTestsByPath', ...again.map(({ path }) => path)], env);
    if (interrupted) return INTERRUPTED[interrupted];
    const failedTwice = new Set(second.results?.failedFiles.flatMap(({ failures }) => failures));
    if (second.results) unsteady.push(...namesOf(again).filter((name) => !failedTwice.has(name)));
    total = addTallies(total, tallyAfter(first.tally, again, second.tally));
  }
  if (unsteady.length > 0) process.stdout.write(`\n${formatUnsteady(unsteady)}\n`);
  process.stdout.write(`\n${formatTally(total)}\n`);
  return succeeded(total) ? 0 : 1;
}

function namesOf(files: readonly FailedFile[]): string[] {
  return files.flatMap(({ path, failures }) => (failures.length > 0 ? failures : [relative('.', path)]));
}

/** @returns what tests find the prepared programs by. */
async function prepareMachine(): Promise<Readonly<Record<string, string>>> {
  const progress = consoleProgress();
  const binaries = await preparePrograms(progress);
  await prepareHelmProgram(progress);
  await preparePackages({ ...GOBGP_PACKAGE, ...OPENBGPD_PACKAGE, ...PROMETHEUS_PACKAGE }, progress);
  if (missingLinkKinds().length > 0) await preparePackages(OTHER_KERNEL, progress);
  return { SKYCAP_LAB_BIN: binaries };
}

async function runSuite(
  suite: Suite,
  jestArguments: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ readonly tally: Tally; readonly results: JestResults | undefined }> {
  const folder = await mkdtemp(join(tmpdir(), 'skycap-test-'));
  const output = join(folder, 'tally.json');
  // A pattern may match in one suite only. Options that take a list come last, or they would take the pattern, too.
  const isPart = jestArguments.length > 0 || process.env.SKYCAP_TEST_LAB;
  const suiteArguments = (isPart && suite.argumentsForSome) || suite.arguments;
  const options = ['--passWithNoTests', '--reporters=default', '--reporters=<rootDir>/test/run/tally-reporter.js'];
  try {
    const all = { ...env, ...suite.env, SKYCAP_TALLY: output };
    const code = await node([JEST, ...jestArguments, ...suiteArguments, ...options], all);
    const text = await readFile(output, 'utf8').catch(() => undefined);
    const results = text === undefined ? undefined : (JSON.parse(text) as JestResults);
    return { tally: tallyOf(results, code), results };
  } finally {
    await rm(folder, { recursive: true, force: true });
    // jest takes the labs down itself, but not when it is interrupted.
    if (suite.name === 'e2e') await takeDownTestLabs();
  }
}

function node(args: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      stdio: 'inherit',
      env: { ...process.env, ...env, NODE_OPTIONS },
    });
    // Ctrl-C reaches jest by itself; this process stays to clean up after it.
    const ignore = () => {};
    process.on('SIGINT', ignore);
    const forward = () => child.kill('SIGTERM');
    process.on('SIGTERM', forward);
    child.once('error', reject);
    child.once('exit', (code) => {
      process.off('SIGINT', ignore);
      process.off('SIGTERM', forward);
      resolve(code ?? 1);
    });
  });
}

try {
  const [which = 'all', ...rest] = process.argv.slice(2);
  process.exitCode = await main(which, rest);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.stdout.write(`\n${formatTally({ passed: 0, failed: 1 })}\n`);
  process.exitCode = 1;
}
