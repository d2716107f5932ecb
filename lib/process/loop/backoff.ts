/** The time to wait after the n-th failure in a row. Pure. */

export interface BackoffPolicy {
  /** The longest wait after the first failure. */
  readonly firstMs: number;
  /** The longest wait of all. */
  readonly capMs: number;
  /** @default 2 */
  readonly factor?: number;
}

/**
 * Exponential with equal jitter: between half of the step and the whole step, so that clients that failed together spread, and none retries at once.
 * @param failures in a row, from 1.
 * @param random in [0, 1).
 */
export function backoffMs(failures: number, policy: BackoffPolicy, random: number): number {
  const step = Math.min(policy.capMs, policy.firstMs * (policy.factor ?? 2) ** Math.max(0, failures - 1));
  return step / 2 + (step / 2) * random;
}
