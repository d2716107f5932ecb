/** The body of a refused request, `metav1.Status`, as the fields of a {@link KubeError}. */
import type { KubeErrorFields, StatusCause } from './errors.ts';

/** A longer text, such as a proxy's HTML error page, is truncated. */
const LONGEST_BODY_QUOTED = 200;

/** @param retryAfter the header, in seconds; dates are not used by the API server and count as absent. */
export function errorFieldsFor(statusCode: number, body: string, retryAfter?: string): KubeErrorFields {
  const retryAfterSeconds = secondsOf(retryAfter);
  const status = parseObject(body);
  if (status?.kind !== 'Status') {
    const text = body.trim().slice(0, LONGEST_BODY_QUOTED);
    return { statusCode, reason: '', statusMessage: text || 'no explanation', retryAfterSeconds };
  }
  return { ...fieldsOfStatus(status, statusCode), retryAfterSeconds };
}

/** The object of an ERROR event in a watch, which has its status code. */
export function errorFieldsForEvent(object: unknown): KubeErrorFields {
  return fieldsOfStatus(isObject(object) ? object : {}, 500);
}

function fieldsOfStatus(status: Readonly<Record<string, unknown>>, fallbackCode: number): KubeErrorFields {
  const details = isObject(status.details) ? status.details : {};
  return {
    statusCode: typeof status.code === 'number' ? status.code : fallbackCode,
    reason: textOf(status.reason) ?? '',
    statusMessage: textOf(status.message) ?? 'no explanation',
    ...(Array.isArray(details.causes) && { causes: details.causes.filter(isObject).map(causeOf) }),
  };
}

function causeOf(cause: Readonly<Record<string, unknown>>): StatusCause {
  const field = textOf(cause.field);
  const reason = textOf(cause.reason);
  const message = textOf(cause.message);
  return { ...(field && { field }), ...(reason && { reason }), ...(message && { message }) };
}

function secondsOf(retryAfter: string | undefined): number | undefined {
  return retryAfter !== undefined && /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) : undefined;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
