/**
 * Decodes and encodes AdmissionReviews (`admission.k8s.io/v1`). A review that cannot be decoded is a value, not an exception, and every answer is a
 * well-formed AdmissionReview, so that the API server always has a sentence to show.
 */
import type { KubeObject } from '../../lib/api/meta/object.ts';

/**
 * The API server accepts objects of up to 3 MiB (`MaxRequestBodyBytes`), and the review of an UPDATE has two; the rest of the review has 1 MiB.
 * controller-runtime has the same limit for the same reason.
 */
export const BODY_LIMIT_BYTES = 7 * 1024 * 1024;

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

export interface AdmissionRequest<T extends KubeObject = KubeObject> {
  readonly uid: string;
  readonly kind: string;
  readonly operation: Operation;
  /** Empty under `generateName`. */
  readonly name: string;
  /** Empty for a cluster-scoped object. */
  readonly namespace: string;
  /** Absent on DELETE. */
  readonly object?: T;
  /** Absent on CREATE. */
  readonly oldObject?: T;
  readonly dryRun: boolean;
  readonly userName: string;
}

/** One operation of RFC 6902. */
export interface JsonPatchOperation {
  readonly op: string;
  readonly path: string;
  readonly value?: unknown;
}

/** The HTTP status and the `metav1.StatusReason` that the client of the API server sees. */
export const REFUSALS = {
  /** The object is invalid. */
  Invalid: 422,
  /** The object is valid, and not allowed. */
  Forbidden: 403,
  BadRequest: 400,
  NotFound: 404,
  MethodNotAllowed: 405,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  InternalError: 500,
} as const;

export type Refusal = keyof typeof REFUSALS;

/** The answer of a handler. {@link encodeAnswer} turns it into an AdmissionReview. */
export type AdmissionAnswer = (
  | { readonly allowed: true; readonly patch?: readonly JsonPatchOperation[] }
  | { readonly allowed: false; readonly refusal: Refusal; readonly message: string }
) & {
  readonly warnings?: readonly string[];
  /** The API server prefixes each key with the webhook's name, and writes the annotations to its audit log. */
  readonly auditAnnotations?: Readonly<Record<string, string>>;
};

export type DecodedReview =
  | { readonly ok: true; readonly request: AdmissionRequest }
  | { readonly ok: false; readonly uid: string; readonly problem: string };

/** The API server truncates longer warnings, and advises 120 (KEP-1693). */
const LONGEST_WARNING = 256;
/** Of all warnings of an answer; the API server drops the rest. */
const LONGEST_WARNINGS_TOTAL = 4096;

const API_VERSION = 'admission.k8s.io/v1';
const OPERATIONS: readonly unknown[] = ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'] satisfies Operation[];

export function decodeReview(body: unknown): DecodedReview {
  const review = asRecord(body);
  const request = asRecord(review?.request);
  const uid = textOf(request?.uid);
  const problem = (text: string): DecodedReview => ({ ok: false, uid, problem: text });
  if (review?.kind !== 'AdmissionReview') return problem('the body is not an AdmissionReview');
  if (review.apiVersion !== API_VERSION) {
    return problem(`the AdmissionReview is of version ${JSON.stringify(review.apiVersion)}, not "${API_VERSION}"`);
  }
  if (!request || uid === '') return problem('the AdmissionReview has no request with a uid');
  if (!OPERATIONS.includes(request.operation)) {
    return problem(`the request has the unknown operation ${JSON.stringify(request.operation)}`);
  }
  const object = objectOf(request.object);
  const oldObject = objectOf(request.oldObject);
  const operation = request.operation as Operation;
  if ((operation === 'CREATE' || operation === 'UPDATE') && !object) return problem('the request has no object');
  if (operation === 'UPDATE' && !oldObject) return problem('the request has no oldObject');
  return {
    ok: true,
    request: {
      uid,
      kind: textOf(asRecord(request.kind)?.kind),
      operation,
      name: textOf(request.name),
      namespace: textOf(request.namespace),
      ...(object && { object }),
      ...(oldObject && { oldObject }),
      dryRun: request.dryRun === true,
      userName: textOf(asRecord(request.userInfo)?.username),
    },
  };
}

/** @param uid of the request; empty if it could not be read. */
export function encodeAnswer(uid: string, answer: AdmissionAnswer): object {
  const { warnings = [], auditAnnotations } = answer;
  const patch = answer.allowed && answer.patch && answer.patch.length > 0 ? answer.patch : undefined;
  return {
    apiVersion: API_VERSION,
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed: answer.allowed,
      ...(!answer.allowed && {
        status: { code: REFUSALS[answer.refusal], reason: answer.refusal, message: answer.message },
      }),
      ...(patch && { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') }),
      ...(warnings.length > 0 && { warnings: fitting(warnings) }),
      ...(auditAnnotations && { auditAnnotations }),
    },
  };
}

/** Shortens a text at a whole character, with an ellipsis. */
export function shorten(text: string, longest: number): string {
  const characters = [...text];
  return characters.length <= longest ? text : `${characters.slice(0, longest - 1).join('')}…`;
}

function fitting(warnings: readonly string[]): string[] {
  let left = LONGEST_WARNINGS_TOTAL;
  const shown: string[] = [];
  for (const warning of warnings) {
    const short = shorten(warning, LONGEST_WARNING);
    left -= Buffer.byteLength(short);
    if (left >= 0) shown.push(short);
  }
  return shown;
}

function objectOf(value: unknown): KubeObject | undefined {
  const object = asRecord(value);
  return object && asRecord(object.metadata) ? (object as unknown as KubeObject) : undefined;
}

function asRecord(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
