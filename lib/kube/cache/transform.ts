/** Removes unused fields of an object before it is cached. */
import type { KubeObject, ObjectMeta } from '../../api/meta/object.ts';

/** On the wire; the types leave it out. */
type WithManagedFields = ObjectMeta & { managedFields?: unknown };

/**
 * Empties `metadata.managedFields`, which is half of a Service's size and which nobody here reads. An object without it may still be written back: the
 * API server keeps the field when it is absent.
 */
export function dropManagedFields<T extends KubeObject>(object: T): T {
  const metadata: WithManagedFields = object.metadata;
  // Not `delete`: that would turn the object into a hash table, which takes more memory than the empty slot.
  if (metadata.managedFields !== undefined) metadata.managedFields = undefined;
  return object;
}
