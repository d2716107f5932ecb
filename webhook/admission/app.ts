/**
 * The webhook as an express app: `POST /mutate`, `POST /validate`, and health and metrics. It never listens and reads no settings; `server.ts` serves it.
 *
 * A failure is answered with an AdmissionReview too. Where the review could not be read the HTTP status says so, and the API server does what
 * `failurePolicy` says (Ignore: it goes on without us).
 */
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import type { HealthHandler } from '../../lib/process/health/health.ts';
import type { Logger } from '../../lib/process/log.ts';
import {
  type AdmissionRequest,
  BODY_LIMIT_BYTES,
  decodeReview,
  encodeAnswer,
  REFUSALS,
  type Refusal,
} from '../review/review.ts';
import type { Reviewed } from '../review/reviewed.ts';
import type { WebhookMetrics } from './metrics.ts';

export interface AppDeps {
  readonly mutate: (request: AdmissionRequest, signal: AbortSignal) => Promise<Reviewed>;
  readonly validate: (request: AdmissionRequest, signal: AbortSignal) => Reviewed | Promise<Reviewed>;
  readonly health: HealthHandler;
  readonly metrics: WebhookMetrics;
  readonly log: Logger;
  /** While the process stops, clients are told to take another connection. */
  readonly isStopping: () => boolean;
  /** @default 2.5 s, within the 3 s that the webhook configuration gives */
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 2_500;
const REFUSAL_BY_STATUS: ReadonlyMap<number, Refusal> = new Map(
  Object.entries(REFUSALS).map(([refusal, status]) => [status, refusal as Refusal]),
);
const PATHS: readonly string[] = ['/mutate', '/validate'];

type Handler = (request: AdmissionRequest) => Reviewed | Promise<Reviewed>;

export function buildApp(deps: AppDeps): Express {
  const { mutate, validate, health, isStopping, deadlineMs = DEADLINE_MS } = deps;
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.use((_request, response, next) => {
    if (isStopping()) response.set('connection', 'close');
    next();
  });
  const readReview: RequestHandler[] = [onlyJson, express.json({ limit: BODY_LIMIT_BYTES, type: () => true })];
  app.post(
    '/mutate',
    ...readReview,
    // A Service is admitted whatever goes wrong here: it is better off without an address than not there.
    reviewing('/mutate', deps, (request) => withDeadline(deadlineMs, (signal) => mutate(request, signal)), admitted),
  );
  app.post(
    '/validate',
    ...readReview,
    reviewing(
      '/validate',
      deps,
      (request) => withDeadline(deadlineMs, async (signal) => validate(request, signal)),
      undefined,
    ),
  );
  app.use((request, response, next) => {
    if (!health(request, response)) next();
  });
  app.use((request, response) => {
    const refusal = PATHS.includes(request.path) ? 'MethodNotAllowed' : 'NotFound';
    refuse(response, refusal, `there is no ${request.method} ${request.path} here`);
  });
  app.use(unreadable(deps));
  return app;
}

function reviewing(
  path: string,
  { metrics, log }: AppDeps,
  handle: Handler,
  onFailure: ((error: unknown) => Reviewed) | undefined,
): RequestHandler {
  return async (httpRequest: Request, response: Response): Promise<void> => {
    const startedMs = performance.now();
    const seconds = (): number => (performance.now() - startedMs) / 1000;
    const decoded = decodeReview(httpRequest.body);
    if (!decoded.ok) {
      metrics.review(path, 'unknown', 'malformed', seconds());
      refuse(response, 'BadRequest', `Cannot read the admission review: ${decoded.problem}`, decoded.uid);
      return;
    }
    const { uid, operation } = decoded.request;
    try {
      const { answer, outcome } = await handle(decoded.request);
      response.json(encodeAnswer(uid, answer));
      metrics.review(path, operation, outcome, seconds());
    } catch (err) {
      log.error(
        { err, path, operation, namespace: decoded.request.namespace, name: decoded.request.name },
        'review failed',
      );
      metrics.review(path, operation, 'failed', seconds());
      if (onFailure) response.json(encodeAnswer(uid, onFailure(err).answer));
      else refuse(response, 'InternalError', `Cannot judge the object: ${messageOf(err)}`, uid);
    }
  };
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

const onlyJson: RequestHandler = (request, response, next) => {
  if (request.is('application/json')) next();
  else
    refuse(
      response,
      'UnsupportedMediaType',
      'Cannot read the admission review: the content type is not application/json',
    );
};

/** For what body-parser throws: it carries the HTTP status. Anything else is a fault of ours. */
function unreadable({ log, metrics }: AppDeps): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    const { status = 500 } = error as { readonly status?: number };
    if (status >= 500) log.error({ err: error, path: request.path }, 'request failed');
    if (PATHS.includes(request.path)) metrics.review(request.path, 'unknown', 'malformed', 0);
    const refusal = REFUSAL_BY_STATUS.get(status) ?? (status < 500 ? 'BadRequest' : 'InternalError');
    const why =
      status === REFUSALS.RequestEntityTooLarge ? `it is longer than ${BODY_LIMIT_BYTES} bytes` : messageOf(error);
    refuse(response, refusal, `Cannot read the admission review: ${why}`);
  };
}

function refuse(response: Response, refusal: Refusal, message: string, uid = ''): void {
  if (response.headersSent) return;
  response.status(REFUSALS[refusal]).json(encodeAnswer(uid, { allowed: false, refusal, message }));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
