/** Reads the API server's audit log, to which the lab has it write every request of Skycap's own accounts. */

export interface AuditEvent {
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly responseStatus?: { readonly code?: number; readonly message?: string };
  /** Among others, what the authorizer decided. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * The requests in the log that RBAC refused: each is a right that a component uses and the manifests do not give. The status 403 alone
 * says less: admission answers it, too, say for an Event in a namespace that is being deleted.
 */
export function forbiddenIn(log: string): AuditEvent[] {
  return eventsIn(log).filter((event) => event.annotations?.['authorization.k8s.io/decision'] === 'forbid');
}

/** One JSON object a line; the last may be half written. */
export function eventsIn(log: string): AuditEvent[] {
  return log
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as AuditEvent);
}
