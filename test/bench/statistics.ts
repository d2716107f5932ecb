/** Percentiles of measured times, and the line through points. */
import { formatMs } from './figures.ts';

export interface Distribution {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** @param samples at least one; nearest-rank percentiles. */
export function distributionOf(samples: readonly number[]): Distribution {
  if (samples.length === 0) throw new RangeError('Cannot describe a distribution: there are no samples');
  const sorted = [...samples].sort((a, b) => a - b);
  const rank = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
  return { count: sorted.length, p50: rank(0.5), p95: rank(0.95), p99: rank(0.99), max: sorted[sorted.length - 1]! };
}

/** `p50 4.2 ms, p99 9.8 ms`. */
export function formatDistribution({ p50, p99 }: Pick<Distribution, 'p50' | 'p99'>): string {
  return `p50 ${formatMs(p50)}, p99 ${formatMs(p99)}`;
}

/** The line `y = offset + slope · x` with the least squared error. */
export function fitLine(points: readonly (readonly [x: number, y: number])[]): {
  readonly offset: number;
  readonly slope: number;
} {
  const n = points.length;
  if (n < 2) throw new RangeError('Cannot fit a line: there are fewer than two points');
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / n;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / n;
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const variance = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const slope = covariance / variance;
  return { offset: meanY - slope * meanX, slope };
}
