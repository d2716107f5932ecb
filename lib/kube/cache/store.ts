/** A cache of one kind of object for its readers. A {@link Reflector} fills it. */
import type { KubeObject } from '../../api/meta/object.ts';

/** An object that was deleted and created again meanwhile comes as `deleted` and then `added`: the UID differs. */
export type Change<T extends KubeObject> =
  | { readonly type: 'added'; readonly key: string; readonly object: T }
  | { readonly type: 'modified'; readonly key: string; readonly object: T; readonly old: T }
  | { readonly type: 'deleted'; readonly key: string; readonly object: T };

export interface Store<T extends KubeObject> {
  /** False until the first complete list: no component acts on a half-filled cache. */
  readonly synced: boolean;
  /** Milliseconds since the API server was last heard about this kind (event, bookmark or list); Infinity before. */
  silentForMs(): number;
  get(key: string): T | undefined;
  /** Can be gone through any number of times, each time as it is then. */
  values(): Iterable<T>;
  readonly size: number;
  /** Listeners are called in order, one change at a time; one that throws does not disturb the others. */
  subscribe(listener: (change: Change<T>) => void): void;
}
