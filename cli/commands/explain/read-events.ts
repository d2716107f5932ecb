/** The warnings about a Service: `explain` shows those that no condition repeats. */
import { keyOf } from '../../../lib/api/meta/object.ts';
import type { Service } from '../../../lib/api/service/service.ts';
import { isForbidden } from '../../../lib/kube/errors.ts';
import { EVENTS, type EventObject } from '../../../lib/kube/events/event.ts';
import type { Listed } from '../../../lib/snapshot/cluster-read.ts';
import type { Session } from '../../session/session.ts';

/** Of each Service the API server keeps Events for an hour. */
const MOST_READ = 500;

export async function readEvents({ client, signal }: Session, service: Service): Promise<Listed<EventObject>> {
  const { namespace = '', name } = service.metadata;
  const fieldSelector = `type=Warning,regarding.kind=Service,regarding.name=${name}`;
  try {
    return { items: (await client.list(EVENTS, { namespace, fieldSelector, limit: MOST_READ, signal })).items };
  } catch (error) {
    if (!isForbidden(error)) throw error;
    const message = `You may not list events in namespace ${namespace}: what only an Event of ${keyOf(service)} tells is not known.`;
    return { items: [], unread: { resource: 'events', reason: 'Forbidden', namespace, message } };
  }
}
