import { distributionOf, fitLine } from '../../bench/statistics.ts';

test('percentiles are samples by nearest rank, whatever their order', () => {
  const samples = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect(distributionOf(samples)).toEqual({ count: 100, p50: 50, p95: 95, p99: 99, max: 100 });
});

test('one sample is every percentile', () => {
  expect(distributionOf([7])).toEqual({ count: 1, p50: 7, p95: 7, p99: 7, max: 7 });
});

test('no sample is refused', () => {
  expect(() => distributionOf([])).toThrow('there are no samples');
});

test('the line through points on a line is that line', () => {
  const { offset, slope } = fitLine([
    [500, 12],
    [1_000, 22],
    [2_000, 42],
  ]);
  expect(offset).toBeCloseTo(2);
  expect(slope).toBeCloseTo(0.02);
});

test('one point is on every line, so it is refused', () => {
  expect(() => fitLine([[1, 1]])).toThrow('fewer than two points');
});
