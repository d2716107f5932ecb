/** Reads the API server's audit log, which has every request of Skycap's own accounts, and each change of roles. */

export interface AuditEvent {
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  /** RFC 3339. */
  readonly requestReceivedTimestamp?: string;
  readonly objectRef?: Readonly<
    Partial<Record<'apiGroup' | 'resource' | 'subresource' | 'namespace' | 'name', string>>
  >;
  readonly responseStatus?: { readonly code?: number; readonly message?: string };
  /** Among others, the decision of the authorizer. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * The requests in the log that RBAC refused: each shows a right that a component uses and the manifests do not grant. The status 403 alone proves less, since admission
 * answers it, too, for example for an Event in a namespace under deletion. A request that was also allowed does not count: an API server that had just started had not
 * read its roles yet. Nor does a request around a change of a role of Skycap: a test removes Skycap, or installs a former release, while its processes run.
 */
export function forbiddenIn(log: string): AuditEvent[] {
  const events = eventsIn(log);
  const allowed = new Set(events.filter((event) => decisionOn(event) === 'allow').map(askedIn));
  const changesMs = events.filter(isChangeOfRole).map(receivedMs);
  const isAroundChange = (event: AuditEvent): boolean =>
    changesMs.some((ms) => Math.abs(receivedMs(event) - ms) < ROLE_CHANGE_MS);
  return events.filter(
    (event) => decisionOn(event) === 'forbid' && !allowed.has(askedIn(event)) && !isAroundChange(event),
  );
}

/** A removal, or a former release with other roles, lasts no longer. */
const ROLE_CHANGE_MS = 150_000;

function isChangeOfRole({ objectRef }: AuditEvent): boolean {
  return objectRef?.apiGroup === 'rbac.authorization.k8s.io' && objectRef.name?.startsWith('skycap') === true;
}

function receivedMs({ requestReceivedTimestamp = '' }: AuditEvent): number {
  return Date.parse(requestReceivedTimestamp);
}

function decisionOn(event: AuditEvent): string | undefined {
  return event.annotations?.['authorization.k8s.io/decision'];
}

/** The attributes that RBAC checks. */
function askedIn({ user, verb, objectRef = {} }: AuditEvent): string {
  const { apiGroup, resource, subresource, namespace, name } = objectRef;
  return [user.username, verb, apiGroup, resource, subresource, namespace, name].join(' ');
}

/** One JSON object a line. The last line may be incomplete. */
export function eventsIn(log: string): AuditEvent[] {
  return log
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as AuditEvent);
}
