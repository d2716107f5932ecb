/** The app by HTTP: whatever comes in, an AdmissionReview goes out. The handlers here are plain functions; test/real/webhook has the real ones. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Express } from 'express';
import pino from 'pino';
import { Registry } from 'prom-client';
import request from 'supertest';
import { failing } from '../../../../lib/process/health/check.ts';
import { healthHandler } from '../../../../lib/process/health/health.ts';
import { type AppDeps, buildApp } from '../../../../webhook/admission/app.ts';
import { webhookMetrics } from '../../../../webhook/admission/metrics.ts';
import { BODY_LIMIT_BYTES } from '../../../../webhook/review/review.ts';

const review = (differs: object = {}) => ({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: { uid: 'r1', kind: { kind: 'Service' }, operation: 'CREATE', object: { metadata: {} }, ...differs },
});

interface Line {
  readonly level: string;
  readonly msg: string;
}

function appWith(differs: Partial<AppDeps> = {}) {
  const registry = new Registry();
  const lines: Line[] = [];
  const app = buildApp({
    mutate: async () => ({ answer: { allowed: true, warnings: ['seen'] }, outcome: 'untouched' }),
    validate: () => ({ answer: { allowed: true }, outcome: 'allowed' }),
    health: healthHandler({ registry, ready: { caches: () => failing('not read yet') } }),
    metrics: webhookMetrics(registry),
    log: pino({ formatters: { level: (level) => ({ level }) } }, { write: (line) => lines.push(JSON.parse(line)) }),
    isStopping: () => false,
    ...differs,
  });
  return { app, registry, lines };
}

const post = (app: Express, path: string, body: string | object, type = 'application/json') =>
  request(app).post(path).set('content-type', type).send(body);

/** Whoever reads the answer finds an AdmissionReview in it. */
function expectReview(body: unknown, response: object): void {
  expect(body).toEqual({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response });
}

it('answers a review', async () => {
  const { app, registry } = appWith();
  const answer = await post(app, '/mutate', review())
    .expect(200)
    .expect('content-type', /application\/json/);
  expectReview(answer.body, { uid: 'r1', allowed: true, warnings: ['seen'] });
  expect(answer.headers['x-powered-by']).toBeUndefined();
  expect(await registry.metrics()).toContain(
    'skycap_webhook_reviews_total{path="/mutate",operation="CREATE",outcome="untouched"} 1',
  );
});

it('takes a content type with parameters', async () => {
  await post(appWith().app, '/validate', JSON.stringify(review()), 'application/json; charset=utf-8').expect(200);
});

describe('what cannot be read is refused by HTTP status and by sentence', () => {
  const refusal = (code: number, reason: string, message: unknown, uid = '') => ({
    uid,
    allowed: false,
    status: { code, reason, message },
  });
  const unread = (why: string) => expect.stringContaining(`Cannot read the admission review: ${why}`);

  it.each<[string, string, string, string, number, string]>([
    ['no JSON', 'POST /mutate', '{"a":', 'application/json', 400, ''],
    ['JSON that is no object', 'POST /mutate', '"x"', 'application/json', 400, ''],
    ['another type', 'POST /mutate', '{}', 'text/plain', 415, 'the content type is not application/json'],
    ['no type', 'POST /validate', '', '', 415, 'the content type is not application/json'],
    [
      'another document',
      'POST /validate',
      '{"kind":"Pod"}',
      'application/json',
      400,
      'the body is not an AdmissionReview',
    ],
    ['an unknown charset', 'POST /mutate', '{}', 'application/json; charset=nonsense', 415, ''],
  ])('%s', async (_, what, body, type, status, why) => {
    const [, path = ''] = what.split(' ');
    const asked = request(appWith().app).post(path);
    const answer = await (type ? asked.set('content-type', type) : asked.unset('content-type'))
      .send(body)
      .expect(status);
    const reason = status === 415 ? 'UnsupportedMediaType' : 'BadRequest';
    expectReview(answer.body, refusal(status, reason, unread(why)));
  });

  it('too long a body: two objects of the largest size fit, more does not', async () => {
    const { app } = appWith();
    const object = { metadata: { annotations: { filling: 'x'.repeat(3 * 1024 * 1024) } } };
    await post(app, '/mutate', review({ operation: 'UPDATE', object, oldObject: object })).expect(200);
    const answer = await post(app, '/mutate', 'x'.repeat(BODY_LIMIT_BYTES + 1)).expect(413);
    expectReview(answer.body, refusal(413, 'RequestEntityTooLarge', unread('it is longer than 7340032 bytes')));
  });

  it('the uid is given back where it could be read', async () => {
    const answer = await post(appWith().app, '/mutate', review({ object: null })).expect(400);
    expectReview(answer.body, refusal(400, 'BadRequest', unread('the request has no object'), 'r1'));
  });

  it.each([
    ['get', '/mutate', 405],
    ['put', '/validate', 405],
    ['post', '/healthz', 405],
    ['get', '/', 404],
    ['post', '/other', 404],
    ['get', '/%', 404],
  ] as const)('%s %s is %i', async (method, path, status) => {
    const answer = await request(appWith().app)[method](path).expect(status);
    if (path !== '/healthz') expectReview(answer.body, expect.objectContaining({ allowed: false }));
  });
});

describe('when a handler fails', () => {
  const broken = () => {
    throw new Error('disk on fire');
  };

  it('a Service is admitted all the same, with a warning', async () => {
    const { app, lines } = appWith({ mutate: async () => broken() });
    const answer = await post(app, '/mutate', review()).expect(200);
    const warnings = ['Skycap failed, so the address is assigned a moment later: disk on fire'];
    expectReview(answer.body, { uid: 'r1', allowed: true, warnings });
    expect(lines).toMatchObject([{ level: 'error', msg: 'review failed' }]);
  });

  it('an object of ours is left to the failurePolicy', async () => {
    const answer = await post(appWith({ validate: broken }).app, '/validate', review()).expect(500);
    expectReview(answer.body, {
      uid: 'r1',
      allowed: false,
      status: { code: 500, reason: 'InternalError', message: 'Cannot judge the object: disk on fire' },
    });
  });
});

it('tells the handler when its time is over', async () => {
  const { app } = appWith({
    deadlineMs: 20,
    mutate: async (_request, signal) => {
      await sleep(5_000, undefined, { signal }).catch(() => {});
      return { answer: { allowed: true, warnings: [String(signal.reason)] }, outcome: 'deferred' };
    },
  });
  const answer = await post(app, '/mutate', review()).expect(200);
  expect(answer.body.response.warnings).toEqual(['Error: no answer from the API server within 20 ms']);
});

it('while it stops, connections are given up after their answer', async () => {
  await post(appWith({ isStopping: () => true }).app, '/mutate', review()).expect('connection', 'close');
});

it('serves health and metrics', async () => {
  const { app } = appWith();
  await request(app).get('/healthz').expect(200, 'ok\n');
  await request(app).get('/readyz').expect(503, '[-] caches: not read yet\n');
  await request(app)
    .get('/metrics')
    .expect(200, /skycap_webhook_review_duration_seconds/);
});
