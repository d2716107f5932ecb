/** One line of a watch, decoded. Pure. */
import type { KubeObject } from '../../api/meta/object.ts';
import type { WatchEvent } from '../client.ts';
import { KubeError } from '../errors.ts';
import { errorFieldsForEvent } from '../status.ts';

const CHANGES = { ADDED: 'added', MODIFIED: 'modified', DELETED: 'deleted' } as const;

/**
 * @param action names the watch in the error's message.
 * @throws {KubeError} for an ERROR event, e.g. 410 when the resourceVersion is too old.
 * @throws {SyntaxError} for a line that is no watch event.
 */
export function parseWatchLine<T extends KubeObject>(line: string, action: string): WatchEvent<T> {
  const event = JSON.parse(line) as { readonly type?: unknown; readonly object?: T };
  if (event?.type === 'ERROR') throw new KubeError(action, errorFieldsForEvent(event.object));
  const resourceVersion = event?.object?.metadata?.resourceVersion;
  if (event?.object === undefined || resourceVersion === undefined) {
    throw new SyntaxError(`Cannot read a watch event of type ${JSON.stringify(event?.type)}: it carries no object`);
  }
  if (event.type === 'BOOKMARK') return { type: 'bookmark', resourceVersion };
  const type = Object.hasOwn(CHANGES, String(event.type)) ? CHANGES[event.type as keyof typeof CHANGES] : undefined;
  if (!type) throw new SyntaxError(`Cannot read a watch event: its type is ${JSON.stringify(event.type)}`);
  return { type, object: event.object };
}
