/** What changed between what a cache had and what the API server has now. Pure. */
import type { KubeObject } from '../../api/meta/object.ts';
import type { Change } from './store.ts';

/**
 * The changes of one key. The uid decides what is the same object: another one under the same name is a deletion and an addition, since the
 * old one's deletion was missed. The same resourceVersion means that nothing changed.
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

/** The changes from one complete list to the next. What went comes first, so that what it held is free when the rest comes. */
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
