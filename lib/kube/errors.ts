/**
 * The errors of a request, in two classes: the API server refused ({@link KubeError}, with the fields of its `metav1.Status`), or did not answer ({@link
 * KubeUnreachableError}).
 */

/** `causes` is absent if the refusal is not about one field. */
export interface StatusCause {
  readonly field?: string;
  readonly reason?: string;
  readonly message?: string;
}

export interface KubeErrorFields {
  readonly statusCode: number;
  /** `metav1.StatusReason`, e.g. `AlreadyExists`; empty if the answer was no Status. */
  readonly reason: string;
  /** The API server's sentence. */
  readonly statusMessage: string;
  readonly retryAfterSeconds?: number | undefined;
  readonly causes?: readonly StatusCause[] | undefined;
}

/** As `k8s.io/apiserver/pkg/admission/plugin/webhook/errors` begins its sentences. */
const OF_WEBHOOK = /^admission webhook "/;

/** The API server answered with something other than success. */
export class KubeError extends Error implements KubeErrorFields {
  override readonly name = 'KubeError';
  readonly statusCode: number;
  readonly reason: string;
  readonly statusMessage: string;
  readonly retryAfterSeconds: number | undefined;
  readonly causes: readonly StatusCause[] | undefined;

  /** @param action the request, e.g. `create eipclaims "192.0.2.7"`. */
  constructor(action: string, fields: KubeErrorFields) {
    super(`Cannot ${action}: ${fields.statusMessage} (${fields.statusCode}${fields.reason && ` ${fields.reason}`})`);
    this.statusCode = fields.statusCode;
    this.reason = fields.reason;
    this.statusMessage = fields.statusMessage;
    this.retryAfterSeconds = fields.retryAfterSeconds;
    this.causes = fields.causes;
  }
}

/** No answer: connection refused or reset, a TLS error, or silence until the deadline. A write may or may not have happened. */
export class KubeUnreachableError extends Error {
  override readonly name = 'KubeUnreachableError';

  constructor(action: string, cause: unknown) {
    super(`Cannot ${action}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

export function isNotFound(error: unknown): error is KubeError {
  return hasStatus(error, 404);
}

/** The user, or the ServiceAccount, lacks the right. */
export function isForbidden(error: unknown): error is KubeError {
  return hasStatus(error, 403);
}

/** 409 of a lost compare-and-swap; see {@link isAlreadyExists} for the other 409. */
export function isConflict(error: unknown): error is KubeError {
  return hasStatus(error, 409) && error.reason !== 'AlreadyExists';
}

export function isAlreadyExists(error: unknown): error is KubeError {
  return hasStatus(error, 409) && error.reason === 'AlreadyExists';
}

/** The resourceVersion or continue token is too old: list again. */
export function isGone(error: unknown): error is KubeError {
  return error instanceof KubeError && (error.statusCode === 410 || error.reason === 'Expired');
}

/** A refusal by a webhook of the cluster. The webhook chooses code and reason freely, so they tell nothing about the object. */
function hasStatus(error: unknown, statusCode: number): error is KubeError {
  return error instanceof KubeError && error.statusCode === statusCode && !OF_WEBHOOK.test(error.statusMessage);
}
