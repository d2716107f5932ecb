import { parseBenchOptions } from '../../bench/options.ts';
import { chosenRows, ROWS } from '../../bench/rows.ts';

test('without arguments every row, in full', () => {
  const options = parseBenchOptions([]);
  expect(options).toEqual({ rows: [], quick: false, mostNodes: 2_000, mostServices: 10_000 });
  expect(chosenRows(ROWS, options.rows)).toEqual(ROWS);
});

test('rows are chosen by name and run in their own order', () => {
  const { rows, quick } = parseBenchOptions(['scale', '--quick', 'creation']);
  expect(quick).toBe(true);
  expect(chosenRows(ROWS, rows).map(({ name }) => name)).toEqual(['creation', 'scale']);
});

test('what is not there is named, with what is', () => {
  expect(() => chosenRows(ROWS, ['speed'])).toThrow(/Cannot measure "speed": write some of creation, /);
  expect(() => parseBenchOptions(['--nodes=many'])).toThrow('Cannot read --nodes="many"');
  expect(() => parseBenchOptions(['--fast'])).toThrow();
});
