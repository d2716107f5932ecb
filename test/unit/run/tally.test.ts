import { suitesFor } from '../../run/suites.ts';
import { addTallies, filesToRunAgain, formatTally, NO_TESTS, succeeded, tallyAfter, tallyOf } from '../../run/tally.ts';

const results = (passed: number, failed: number, notLoaded = 0) => ({
  numPassedTests: passed,
  numFailedTests: failed,
  numRuntimeErrorTestSuites: notLoaded,
  failedFiles: [],
});

test.each([
  ['all well', tallyOf(results(12, 0), 0), '12 passed, 0 failed', true],
  ['failures', tallyOf(results(10, 2), 1), '10 passed, 2 failed', false],
  ['a file that does not load counts as one failure', tallyOf(results(10, 0, 1), 1), '10 passed, 1 failed', false],
  ['jest died before it wrote anything', tallyOf(undefined, 1), '0 passed, 1 failed', false],
  ['jest ended badly after its tests had passed', tallyOf(results(10, 0), 1), '10 passed, 1 failed', false],
  ['no test at all', tallyOf(results(0, 0), 0), '0 passed, 0 failed', false],
])('%s', (_what, tally, line, success) => {
  expect(formatTally(tally)).toBe(line);
  expect(succeeded(tally)).toBe(success);
});

test('tallies add up', () => {
  const both = addTallies(addTallies(NO_TESTS, { passed: 3, failed: 1 }), { passed: 4, failed: 0 });
  expect(both).toEqual({ passed: 7, failed: 1 });
});

describe('files that failed', () => {
  const file = (path: string, numPassedTests = 0) => ({ path, numPassedTests, failures: ['a'] });

  test('are run again, unless there are too many', () => {
    const few = [file('a.ts'), file('b.ts')];
    const many = Array.from({ length: 5 }, (_, i) => file(`${i}.ts`));
    expect(filesToRunAgain({ ...results(1, 2), failedFiles: few })).toEqual(few);
    expect(filesToRunAgain({ ...results(1, 5), failedFiles: many })).toEqual([]);
    expect(filesToRunAgain(undefined)).toEqual([]);
  });

  test('count by their second run', () => {
    const first = { passed: 10, failed: 2 };
    expect(tallyAfter(first, [file('a.ts', 3)], { passed: 5, failed: 0 })).toEqual({ passed: 12, failed: 0 });
    expect(tallyAfter(first, [file('a.ts', 3)], { passed: 4, failed: 1 })).toEqual({ passed: 11, failed: 1 });
  });
});

test('the suites are chosen by name, and a wrong name is told', () => {
  expect(suitesFor('all').map(({ name }) => name)).toEqual(['unit', 'real', 'e2e']);
  expect(suitesFor('unit').every(({ needsMachine }) => !needsMachine)).toBe(true);
  expect(() => suitesFor('x')).toThrow('Cannot run the tests "x": write all, unit, real, e2e');
});
