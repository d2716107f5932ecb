/** The app with everything behind it, asked by HTTP in this process: what a running API server never shows, such as one that stops answering. */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import pino from 'pino';
import { Registry } from 'prom-client';
import request from 'supertest';
import { ALL_PROTOCOLS } from '../../../../lib/api/eip/protocols.ts';
import type { Service } from '../../../../lib/api/service/service.ts';
import { EIP_CLAIMS } from '../../../../lib/kube/resource.ts';
import type { ServingPair } from '../../../../webhook/tls/given-certificate.ts';
import { makeWebhook, type Webhook } from '../../../../webhook/webhook.ts';
import { ControlPlane } from '../../../support/control-plane.ts';
import { eventually } from '../../../support/eventually.ts';
import { service, WEBHOOK_USER } from '../harness.ts';

const MANIFESTS = join(import.meta.dirname, '../../../../manifests');

let plane: ControlPlane;
let webhook: Webhook;
let running: Promise<void>;
let certificate: ServingPair | undefined;
const stop = new AbortController();
const lines: Record<string, unknown>[] = [];

beforeAll(async () => {
  plane = await ControlPlane.start({ users: [WEBHOOK_USER] });
  await plane.kubectl(['apply', '-k', MANIFESTS]);
  await plane.kubectl(['wait', '--for=condition=Established', 'crd', '--all']);
  webhook = makeWebhook({
    config: {
      namespace: 'skycap-system',
      listen: { host: '', port: 0 },
      extraNames: [],
      unmarkedServices: 'defaultEip',
      certificateSource: 'skycap',
      protocols: ALL_PROTOCOLS,
      drainSeconds: 0,
      logLevel: 'info',
      metricsToken: '',
    },
    client: plane.client(WEBHOOK_USER),
    registry: new Registry(),
    log: pino({ formatters: { level: (level) => ({ level }) } }, { write: (line) => lines.push(JSON.parse(line)) }),
    now: () => new Date(),
    monotonicMs: () => performance.now(),
    eventLoop: () => ({ ok: true }),
    isStopping: () => false,
    onCertificate: (content) => {
      certificate = content;
    },
  });
}, 180_000);
afterAll(async () => {
  stop.abort();
  await running;
  await plane[Symbol.asyncDispose]();
});

async function mutate(object: Service, differs: object = {}) {
  const { name, namespace } = object.metadata;
  const review = {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: { uid: 'r1', kind: { kind: 'Service' }, operation: 'CREATE', name, namespace, object, ...differs },
  };
  const { body } = await request(webhook.app).post('/mutate').send(review).expect(200);
  const { patch, ...response } = body.response;
  const decoded = patch && JSON.parse(Buffer.from(patch, 'base64').toString());
  return { ...response, patch: decoded };
}

it('before it knows the cluster it admits, says so, and is not ready', async () => {
  await request(webhook.app)
    .get('/readyz')
    .expect(503, /cluster state: the Eips are not read yet/);
  expect(await mutate(service('early'))).toEqual({
    uid: 'r1',
    allowed: true,
    warnings: ['the address is assigned a moment later: the Eips are not read yet'],
  });
  expect(await mutate(service('early', { 'lb.kubesphere.io/v1alpha1': 'other' }))).toEqual({
    uid: 'r1',
    allowed: true,
  });
});

it('becomes ready by itself, with a certificate in its Secret and in use', async () => {
  running = webhook.run(stop.signal);
  await eventually(() => request(webhook.app).get('/readyz').expect(200));
  const { certificate: pem, key } = certificate!;
  expect(new X509Certificate(pem).checkPrivateKey(createPrivateKey(key))).toBe(true);
  expect(new X509Certificate(pem).subjectAltName).toBe('DNS:skycap-webhook.skycap-system.svc');
  expect(lines.map(({ msg }) => msg)).toEqual(
    expect.arrayContaining(['wrote webhook certificate', 'published caBundle']),
  );
});

it('gives an address: patch, warning, audit annotations, one line in the log', async () => {
  await plane.kubectl(
    ['apply', '-f', '-'],
    JSON.stringify({
      apiVersion: 'network.kubesphere.io/v1alpha2',
      kind: 'Eip',
      metadata: { name: 'web' },
      spec: { address: '198.51.100.7-198.51.100.8' },
    }),
  );
  await eventually(async () =>
    expect((await mutate(service('front'), { dryRun: true })).auditAnnotations?.addresses).toBe('198.51.100.7'),
  );
  lines.length = 0;
  const answer = await mutate(service('front'));
  expect(answer).toMatchObject({
    allowed: true,
    patchType: 'JSONPatch',
    warnings: ['assigned 198.51.100.7 from Eip web (1 left)'],
    auditAnnotations: { addresses: '198.51.100.7', eip: 'web' },
  });
  const operations = [
    { op: 'add', path: '/metadata/annotations/skycap.io~1addresses', value: '198.51.100.7' },
    { op: 'add', path: '/metadata/annotations/skycap.io~1claim', value: expect.stringMatching(/^[0-9a-f]{32}$/) },
    { op: 'add', path: '/metadata/labels', value: { 'eip.openelb.kubesphere.io/v1alpha2': 'web' } },
  ];
  expect(answer.patch).toEqual(expect.arrayContaining(operations));
  expect(answer.patch).toHaveLength(operations.length);
  const said = { level: 'info', msg: 'assigned address', service: 'front', addresses: '198.51.100.7', eip: 'web' };
  expect(lines).toEqual([expect.objectContaining(said)]);
});

it('asked again for a Service that was not stored, it gives the same answer and claims nothing more', async () => {
  const [first, second] = [await mutate(service('front')), await mutate(service('front'))];
  expect(second).toEqual(first);
  expect((await plane.client().list(EIP_CLAIMS)).items).toHaveLength(1);
});

it('while the API server does not answer, it admits in time, and the address is left to the allocator', async () => {
  plane.pause('kube-apiserver');
  try {
    const startedMs = performance.now();
    const answer = await mutate(service('unlucky'));
    expect(performance.now() - startedMs).toBeLessThan(3_000);
    expect(answer).toEqual({
      uid: 'r1',
      allowed: true,
      warnings: ['the address is assigned a moment later: no answer from the API server within 2500 ms'],
    });
    // What needs no API server is answered as ever.
    expect((await mutate(service('bad', { 'eip.openelb.kubesphere.io/v1alpha1': 'x' }))).status.code).toBe(422);
  } finally {
    plane.resume('kube-apiserver');
  }
  await eventually(async () =>
    expect((await mutate(service('lucky'))).warnings).toEqual(['assigned 198.51.100.8 from Eip web (0 left)']),
  );
});
