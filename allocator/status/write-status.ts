/** Writes the status of an object of Skycap's own kinds: only the differences are sent, and nothing without any. */
import type { KubeObject } from '../../lib/api/meta/object.ts';
import { finalizersPatch } from '../../lib/api/meta/openelb-finalizers.ts';
import { dropManagedFields } from '../../lib/kube/cache/transform.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import type { Resource } from '../../lib/kube/resource.ts';
import type { KeyRest } from '../../lib/process/loop/keyed-queue.ts';
import type { MutationCache } from '../cluster/mutation-cache.ts';
import { mergeDiff } from './merge-diff.ts';

const LEAST_REST_MS = 300;
const LONGEST_REST_MS = 5_000;
const REST_PER_ENTRY_MS = 4;

interface WithStatus extends KubeObject {
  readonly status?: unknown;
}

export interface StatusWriter<T extends WithStatus> {
  readonly client: KubeClient;
  readonly resource: Resource<T>;
  readonly cache: MutationCache<T>;
}

/** @returns whether it wrote. @throws a conflict where the object has changed meanwhile. */
export async function writeStatus<T extends WithStatus>(
  { client, resource, cache }: StatusWriter<T>,
  object: T,
  status: T['status'],
  signal: AbortSignal,
): Promise<boolean> {
  const change = mergeDiff(object.status, status);
  if (change === undefined) return false;
  const { name = '', resourceVersion } = object.metadata;
  const body = { metadata: { resourceVersion }, status: change };
  cache.put(
    dropManagedFields(await client.patch(resource, { name }, body, { type: 'merge', subresource: 'status', signal })),
  );
  return true;
}

/**
 * The time until a status may be written again: during a burst the next write takes in all that came meanwhile. A large status is written less often, since each write
 * stores all of it, and `Eip.status.used` grows with the pool.
 */
export function restAfter(entries: number): KeyRest {
  return { restMs: Math.min(LONGEST_REST_MS, Math.max(LEAST_REST_MS, entries * REST_PER_ENTRY_MS)) };
}

/** Removes OpenELB's finalizers, if any are left; the object may be gone then. */
export async function takeFinalizersOff<T extends WithStatus>(
  { client, resource, cache }: StatusWriter<T>,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const object = cache.get(name);
  const body = object && finalizersPatch(object);
  if (body === undefined) return;
  cache.put(dropManagedFields(await client.patch(resource, { name }, body, { type: 'merge', signal })));
}

/** Writes the status first, and the rest in any case: a webhook of the cluster may refuse one of the two. @throws the error of the first. */
export async function bothDone<T>(status: () => Promise<T>, rest: () => Promise<void>): Promise<T> {
  const [written] = await Promise.allSettled([status()]);
  await rest();
  if (written.status === 'rejected') throw written.reason;
  return written.value;
}
