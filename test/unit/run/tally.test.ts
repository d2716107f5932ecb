import { suitesFor } from '../../run/suites.ts';
import { addTallies, formatTally, NO_TESTS, succeeded, tallyOf } from '../../run/tally.ts';

const results = (passed: number, failed: number, notLoaded = 0) => ({
  numPassedTests: passed,
  numFailedTests: failed,
  numRuntimeErrorTestSuites: notLoaded,
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

test('the suites are chosen by name, and a wrong name is told', () => {
  expect(suitesFor('all').map(({ name }) => name)).toEqual(['unit', 'real', 'e2e']);
  expect(suitesFor('unit').every(({ needsMachine }) => !needsMachine)).toBe(true);
  expect(() => suitesFor('x')).toThrow('Cannot run the tests "x": write all, unit, real, e2e');
});
