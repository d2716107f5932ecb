/** The changes from the objects of a cache to those of the API server. Pure. */
import type { KubeObject } from '../../api/meta/object.ts';
import type { Change } from './store.ts';

/**
 * The changes of one key. The UID identifies the object: another UID under the same name is a deletion and an addition, since the deletion was missed. The same
 * resourceVersion means no change.
 */
export function changesOf<T extends KubeObject>(key: string, old: T | undefined, now: T | undefined): Change<T>[] {
  if (!old) return now ? [{ type: 'added', key, object: now }] : [];
  if (!now) return [{ type: 'deleted', key, object: old }];
  if (old.metadata.uid !== now.metadata.uid) {
    return [
      { type: 'deleted', key, object: old },
      { type: 'added', key, object: now },
    ];
  }
  if (old.metadata.resourceVersion === now.metadata.resourceVersion) return [];
  return [{ type: 'modified', key, object: now, old }];
}

/** The changes from one complete list to the next. Deletions come first, so that their resources are free for the additions. */
export function changesBetween<T extends KubeObject>(
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
): Change<T>[] {
  const gone: Change<T>[] = [];
  const others: Change<T>[] = [];
  for (const [key, old] of before) {
    for (const change of changesOf(key, old, after.get(key))) {
      (change.type === 'deleted' ? gone : others).push(change);
    }
  }
  for (const [key, object] of after) {
    if (!before.has(key)) others.push({ type: 'added', key, object });
  }
  return [...gone, ...others];
}
