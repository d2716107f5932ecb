/** Reads the API server's audit log, to which the lab has it write every request of Skycap's own accounts. */

export interface AuditEvent {
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly objectRef?: Readonly<
    Partial<Record<'apiGroup' | 'resource' | 'subresource' | 'namespace' | 'name', string>>
  >;
  readonly responseStatus?: { readonly code?: number; readonly message?: string };
  /** Among others, what the authorizer decided. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * The requests in the log that RBAC refused: each is a right that a component uses and the manifests do not give. The status 403 alone
 * says less: admission answers it, too, say for an Event in a namespace that is being deleted. What was allowed at another time was refused by an API
 * server that had just started and had not read its roles yet.
 */
export function forbiddenIn(log: string): AuditEvent[] {
  const events = eventsIn(log);
  const allowed = new Set(events.filter((event) => decisionOn(event) === 'allow').map(askedIn));
  return events.filter((event) => decisionOn(event) === 'forbid' && !allowed.has(askedIn(event)));
}

function decisionOn(event: AuditEvent): string | undefined {
  return event.annotations?.['authorization.k8s.io/decision'];
}

/** What RBAC looks at. */
function askedIn({ user, verb, objectRef = {} }: AuditEvent): string {
  const { apiGroup, resource, subresource, namespace, name } = objectRef;
  return [user.username, verb, apiGroup, resource, subresource, namespace, name].join(' ');
}

/** One JSON object a line; the last may be half written. */
export function eventsIn(log: string): AuditEvent[] {
  return log
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as AuditEvent);
}
