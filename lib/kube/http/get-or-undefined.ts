/** Reads an object that may be gone. */
import type { KubeObject } from '../../api/meta/object.ts';
import type { KubeClient, ObjectRef } from '../client.ts';
import { isNotFound } from '../errors.ts';
import type { Resource } from '../resource.ts';

export async function getOrUndefined<T extends KubeObject>(
  client: Pick<KubeClient, 'get'>,
  resource: Resource<T>,
  ref: ObjectRef,
  signal?: AbortSignal,
): Promise<T | undefined> {
  try {
    return await client.get(resource, ref, signal && { signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
