/** `events.k8s.io/v1` Event, shown by `kubectl describe` and `kubectl get events`. Pure. */
import type { KubeObject } from '../../api/meta/object.ts';
import type { Reason } from '../../api/reasons.ts';
import { microTime } from '../election/lease.ts';
import type { Resource } from '../resource.ts';

export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
}

export interface EventObject extends KubeObject {
  readonly eventTime: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly action: string;
  readonly note: string;
  readonly regarding: ObjectReference;
  readonly reportingController: string;
  readonly reportingInstance: string;
}

export const EVENTS: Resource<EventObject> = {
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
};

/** The event, for people. */
export interface Happening {
  readonly regarding: KubeObject;
  readonly type: 'Normal' | 'Warning';
  readonly reason: Reason;
  /** The action of Skycap, one word: `Assign`. */
  readonly action: string;
  /** One sentence. */
  readonly note: string;
  /** The event reports a change each time it happens: an equal Event is about a former change. */
  readonly isTurn?: boolean;
}

/** Limits of the API (validation of events.k8s.io/v1). */
const LONGEST_NOTE_BYTES = 1024;
const LONGEST_INSTANCE = 128;
/** Of an object's name that is put in front of the Event's. */
const LONGEST_NAME = 200;

/** @param unique makes the name unique. */
export function eventFor(
  happening: Happening,
  reporter: { readonly controller: string; readonly instance: string },
  wallMs: number,
  unique: string,
): EventObject {
  const { regarding, type, reason, action, note } = happening;
  const { name = '', namespace, uid, resourceVersion } = regarding.metadata;
  return {
    // Events about what has no namespace stand in `default`; kubectl looks for them there.
    metadata: { name: `${name.slice(0, LONGEST_NAME)}.${unique}`, namespace: namespace ?? 'default' },
    eventTime: microTime(wallMs),
    type,
    reason,
    action,
    note: shorten(note),
    regarding: {
      apiVersion: regarding.apiVersion ?? '',
      kind: regarding.kind ?? '',
      name,
      ...(namespace && { namespace }),
      ...(uid && { uid }),
      ...(resourceVersion && { resourceVersion }),
    },
    reportingController: reporter.controller,
    reportingInstance: reporter.instance.slice(0, LONGEST_INSTANCE),
  };
}

function shorten(note: string): string {
  if (Buffer.byteLength(note) <= LONGEST_NOTE_BYTES) return note;
  const room = LONGEST_NOTE_BYTES - Buffer.byteLength('…');
  // A character that was cut in two comes out as U+FFFD, at the very end only.
  return `${Buffer.from(note)
    .subarray(0, room)
    .toString('utf8')
    .replace(/\uFFFD$/, '')}…`;
}
