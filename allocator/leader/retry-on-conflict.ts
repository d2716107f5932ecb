/** Wraps each reconcile: after a conflict the key is reconciled again, by the object that the API server has now; and the time is measured. */
import { isConflict, isNotFound } from '../../lib/kube/errors.ts';
import type { KeyResult } from '../../lib/process/loop/keyed-queue.ts';
import type { AllocatorMetrics, QueueName } from '../metrics.ts';

/** The cache is older than the object that refused the write; the first retry comes at once. */
const FIRST_MS = 2;

export interface ConflictRetryOptions {
  readonly queue: QueueName;
  readonly act: (key: string, signal: AbortSignal) => Promise<KeyResult>;
  /** Brings the cache of the key up to date after a conflict. */
  readonly refresh?: (key: string, signal: AbortSignal) => Promise<void>;
  readonly metrics: AllocatorMetrics;
  readonly monotonicMs: () => number;
}

export function withConflictRetry(
  options: ConflictRetryOptions,
): (key: string, signal: AbortSignal) => Promise<KeyResult> {
  const { queue, act, refresh, metrics, monotonicMs } = options;
  return async (key, signal) => {
    const startedMs = monotonicMs();
    const measure = (result: 'ok' | 'conflict' | 'error'): void => {
      metrics.reconciled(queue, result, (monotonicMs() - startedMs) / 1000);
    };
    try {
      const again = await act(key, signal);
      measure('ok');
      return again;
    } catch (error) {
      // The watch will show soon that the object is gone.
      if (!isConflict(error) && !isNotFound(error)) {
        measure('error');
        throw error;
      }
      measure('conflict');
      await refresh?.(key, signal);
      return { requeueAfterMs: FIRST_MS, backsOff: true };
    }
  };
}
