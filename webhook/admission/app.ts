/**
 * The webhook's HTTP handler: `POST /mutate`, `POST /validate`, health and metrics. `server.ts` serves it.
 *
 * A failure is answered with an AdmissionReview too. If the review cannot be read, the HTTP status says so, and the API server follows the
 * `failurePolicy` (Ignore: the API server admits the object).
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { HealthHandler } from '../../lib/process/health/health.ts';
import type { Logger } from '../../lib/process/log.ts';
import { type AdmissionRequest, decodeReview, encodeAnswer, REFUSALS, type Refusal } from '../review/review.ts';
import type { Reviewed } from '../review/reviewed.ts';
import type { WebhookMetrics } from './metrics.ts';
import { readBody } from './read-body.ts';

export interface AppDeps {
  readonly mutate: (request: AdmissionRequest, signal: AbortSignal) => Promise<Reviewed>;
  readonly validate: (request: AdmissionRequest, signal: AbortSignal) => Reviewed | Promise<Reviewed>;
  readonly health: HealthHandler;
  readonly metrics: WebhookMetrics;
  readonly log: Logger;
  /** While the process stops, each answer asks the client for another connection. */
  readonly isStopping: () => boolean;
  /** @default 2.5 s, within the 3 s of the webhook configuration */
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 2_500;

/** One of the two paths. */
interface Reviewer {
  readonly review: (request: AdmissionRequest, signal: AbortSignal) => Reviewed | Promise<Reviewed>;
  /** Without it, a failed review is answered with an HTTP error. */
  readonly onFailure?: (error: unknown) => Reviewed;
}

export function buildApp(deps: AppDeps): RequestListener {
  const { mutate, validate, health, isStopping } = deps;
  const reviewers: Readonly<Record<string, Reviewer>> = {
    // A Service without an address is better than no Service.
    '/mutate': { review: mutate, onFailure: admitted },
    '/validate': { review: validate },
  };
  return (request, response) => {
    if (isStopping()) response.setHeader('connection', 'close');
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const reviewer = Object.hasOwn(reviewers, path) ? reviewers[path] : undefined;
    if (reviewer && request.method === 'POST') {
      void answerReview(path, reviewer, deps, request, response);
    } else if (reviewer || !health(request, response)) {
      const refusal = reviewer ? 'MethodNotAllowed' : 'NotFound';
      refuse(response, refusal, `there is no ${request.method} ${path} here`);
    }
  };
}

/** Never rejects. */
async function answerReview(
  path: string,
  { review, onFailure }: Reviewer,
  { metrics, log, deadlineMs = DEADLINE_MS }: AppDeps,
  httpRequest: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const startedMs = performance.now();
  const seconds = (): number => (performance.now() - startedMs) / 1000;
  const decoded = await decode(httpRequest);
  if (!decoded.ok) {
    metrics.review(path, 'unknown', 'malformed', seconds());
    refuse(response, decoded.refusal, `Cannot read the admission review: ${decoded.problem}`, decoded.uid);
    return;
  }
  const { uid, operation, namespace, name } = decoded.request;
  try {
    const { answer, outcome } = await withDeadline(deadlineMs, async (signal) => review(decoded.request, signal));
    sendJson(response, 200, encodeAnswer(uid, answer));
    metrics.review(path, operation, outcome, seconds());
  } catch (err) {
    log.error({ err, path, operation, namespace, name }, 'review failed');
    metrics.review(path, operation, 'failed', seconds());
    if (onFailure) sendJson(response, 200, encodeAnswer(uid, onFailure(err).answer));
    else refuse(response, 'InternalError', `Cannot judge the object: ${messageOf(err)}`, uid);
  }
}

type Decoded =
  | { readonly ok: true; readonly request: AdmissionRequest }
  | { readonly ok: false; readonly refusal: Refusal; readonly problem: string; readonly uid?: string };

async function decode(httpRequest: IncomingMessage): Promise<Decoded> {
  try {
    const read = await readBody(httpRequest);
    if (!read.ok) return read;
    const decoded = decodeReview(read.body);
    return decoded.ok ? decoded : { ...decoded, refusal: 'BadRequest' };
  } catch (error) {
    // The client has ended the connection.
    return { ok: false, refusal: 'BadRequest', problem: messageOf(error) };
  }
}

function admitted(error: unknown): Reviewed {
  const warnings = [`Skycap failed, so the address is assigned a moment later: ${messageOf(error)}`];
  return { answer: { allowed: true, warnings }, outcome: 'failed' };
}

async function withDeadline<T>(ms: number, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error(`no answer from the API server within ${ms} ms`)), ms);
  try {
    return await run(controller.signal);
  } finally {
    clearTimeout(timer);
  }
}

function refuse(response: ServerResponse, refusal: Refusal, message: string, uid = ''): void {
  sendJson(response, REFUSALS[refusal], encodeAnswer(uid, { allowed: false, refusal, message }));
}

function sendJson(response: ServerResponse, statusCode: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(statusCode, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
