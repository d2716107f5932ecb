/**
 * What can go wrong with a request to the API server, in two classes that callers tell apart: the API server answered and refused
 * ({@link KubeError}, with the fields of its `metav1.Status`), or it could not be asked ({@link KubeUnreachableError}).
 */

/** Where the API server refuses for a reason that is not of one field, `causes` is absent. */
export interface StatusCause {
  readonly field?: string;
  readonly reason?: string;
  readonly message?: string;
}

export interface KubeErrorFields {
  readonly statusCode: number;
  /** `metav1.StatusReason`, e.g. `AlreadyExists`; empty where the answer was no Status. */
  readonly reason: string;
  /** The API server's own sentence. */
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

  /** @param action what was asked, e.g. `create eipclaims "192.0.2.7"`. */
  constructor(action: string, fields: KubeErrorFields) {
    super(`Cannot ${action}: ${fields.statusMessage} (${fields.statusCode}${fields.reason && ` ${fields.reason}`})`);
    this.statusCode = fields.statusCode;
    this.reason = fields.reason;
    this.statusMessage = fields.statusMessage;
    this.retryAfterSeconds = fields.retryAfterSeconds;
    this.causes = fields.causes;
  }
}

/** No answer: refused, reset, a TLS error, or silence until the deadline. A write may or may not have happened. */
export class KubeUnreachableError extends Error {
  override readonly name = 'KubeUnreachableError';

  constructor(action: string, cause: unknown) {
    super(`Cannot ${action}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

export function isNotFound(error: unknown): error is KubeError {
  return hasStatus(error, 404);
}

/** 409 of a compare-and-swap that lost; see {@link isAlreadyExists} for the other 409. */
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

/** A webhook of the cluster that refuses a write chooses the code and the reason of its answer, and says nothing by them about the object. */
function hasStatus(error: unknown, statusCode: number): error is KubeError {
  return error instanceof KubeError && error.statusCode === statusCode && !OF_WEBHOOK.test(error.statusMessage);
}
