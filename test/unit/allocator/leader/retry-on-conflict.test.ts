import { withConflictRetry } from '../../../../allocator/leader/retry-on-conflict.ts';
import type { AllocatorMetrics } from '../../../../allocator/metrics.ts';
import { KubeError } from '../../../../lib/kube/errors.ts';

const conflict = new KubeError('patch services', { statusCode: 409, reason: 'Conflict', statusMessage: 'changed' });
const { signal } = new AbortController();

function make(act: () => Promise<undefined>): { run: () => Promise<unknown>; results: string[]; refreshed: string[] } {
  const results: string[] = [];
  const refreshed: string[] = [];
  const metrics = { reconciled: (_: string, result: string) => results.push(result) } as unknown as AllocatorMetrics;
  const refresh = async (key: string): Promise<void> => void refreshed.push(key);
  const wrapped = withConflictRetry({ queue: 'services', act, refresh, metrics, monotonicMs: () => 0 });
  return { run: () => wrapped('shop/front', signal), results, refreshed };
}

test('a lost compare-and-swap is another look at once, by what the API server has, and later each time in a row', async () => {
  const { run, results, refreshed } = make(() => Promise.reject(conflict));
  expect([await run(), await run()]).toEqual(Array(2).fill({ requeueAfterMs: 2, backsOff: true }));
  expect([results, refreshed.length]).toEqual([['conflict', 'conflict'], 2]);
});

test('other errors are the queue’s affair', async () => {
  const { run, results } = make(() => Promise.reject(new Error('unreachable')));
  await expect(run()).rejects.toThrow('unreachable');
  expect(results).toEqual(['error']);
});
