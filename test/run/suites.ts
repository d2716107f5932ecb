/** The three kinds of tests, from quick to thorough, and how jest runs each. */

export interface Suite {
  readonly name: string;
  readonly title: string;
  /** Arguments for jest. */
  readonly arguments: readonly string[];
  /** In their place, where only some of the suite's tests are chosen, or where they borrow a lab. */
  readonly argumentsForSome?: readonly string[];
  /** Needs the Kubernetes programs, root and the lab's packages. */
  readonly needsMachine: boolean;
  /** Beside what the tests are given anyhow. */
  readonly env?: Readonly<Record<string, string>>;
}

export const SUITES: readonly Suite[] = [
  {
    name: 'unit',
    title: 'unit tests: decisions and texts, no root, no cluster',
    arguments: ['--config=jest.config.js', '--maxWorkers=100%', '--roots=test/unit'],
    needsMachine: false,
  },
  {
    name: 'real',
    title: 'tests with a real API server, a real BIRD and a real FRR',
    arguments: ['--config=jest.real.config.js', '--maxWorkers=2'],
    needsMachine: true,
    // Nearly each file starts an API server. One that collects its garbage less often is there in four fifths of the time.
    env: { GOGC: '400' },
  },
  {
    name: 'e2e',
    title: 'end-to-end tests: Skycap in a real cluster',
    // Each worker has a lab. Most of these tests wait for timers, so two labs take half the time of one.
    arguments: ['--config=jest.e2e.config.js', '--maxWorkers=2'],
    argumentsForSome: ['--config=jest.e2e.config.js', '--runInBand'],
    needsMachine: true,
  },
];

/** @param which `all` or the name of one. */
export function suitesFor(which: string): readonly Suite[] {
  const chosen = which === 'all' ? SUITES : SUITES.filter(({ name }) => name === which);
  if (chosen.length === 0) {
    throw new RangeError(`Cannot run the tests "${which}": write all, ${SUITES.map(({ name }) => name).join(', ')}`);
  }
  return chosen;
}
