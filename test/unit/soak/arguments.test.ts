import { parseSoakArguments } from '../../soak/arguments.ts';

test('a name alone runs for an hour', () => {
  expect(parseSoakArguments(['model'])).toEqual({
    name: 'model',
    durationMs: 3_600_000,
    runs: Number.POSITIVE_INFINITY,
    seed: undefined,
    path: undefined,
  });
});

test('time, count and seed', () => {
  expect(parseSoakArguments(['model', '90s', '--runs=500', '--seed=7', '--path=3:1'])).toEqual({
    name: 'model',
    durationMs: 90_000,
    runs: 500,
    seed: 7,
    path: '3:1',
  });
  expect(parseSoakArguments(['memory', '8h']).durationMs).toBe(28_800_000);
});

test.each([
  [['model', '60'], 'Cannot read the time "60"'],
  [['model', '-1m'], '-1'],
  [['model', '1m', 'x'], 'Cannot read "x"'],
  [['model', '--runs=many'], 'Cannot read --runs="many"'],
])('%j is refused', (args, message) => {
  expect(() => parseSoakArguments(args)).toThrow(message);
});
