/**
 * The webhook with the certificate of cert-manager: it reads the Secret with the rights of the overlay and no more, and takes each new certificate into use while it
 * serves. The Secrets are written as cert-manager writes them.
 */
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { Registry } from 'prom-client';
import { parseAllDocuments, stringify } from 'yaml';
import { ALL_PROTOCOLS } from '../../../lib/api/eip/protocols.ts';
import { OK } from '../../../lib/process/health/check.ts';
import { WebhookServer } from '../../../webhook/server.ts';
import { makeContent } from '../../../webhook/tls/certificates.ts';
import type { TlsContent } from '../../../webhook/tls/tls-content.ts';
import { makeWebhook } from '../../../webhook/webhook.ts';
import { ControlPlane, findBinaries } from '../../support/control-plane.ts';
import { eventually } from '../../support/eventually.ts';
import { logSink } from '../../support/log-sink.ts';
import { type Manifest, ROOT } from '../../unit/manifests/files.ts';

const USER = 'system:serviceaccount:skycap-system:skycap-webhook';
const NAME = 'skycap-webhook.skycap-system.svc';
const SECRETS = { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true } as const;
const ref = { name: 'skycap-webhook-tls', namespace: 'skycap-system' };

let plane: ControlPlane;
let port: number;
const sink = logSink('webhook');
const open = new AsyncDisposableStack();

beforeAll(async () => {
  plane = await ControlPlane.start({ users: [USER] });
  open.use(plane);
  const text = execFileSync(join(findBinaries(), 'kubectl'), ['kustomize', `${ROOT}/manifests/overlays/cert-manager`], {
    encoding: 'utf8',
    maxBuffer: 16 * 1024 * 1024,
  });
  const objects = parseAllDocuments(text).map((document): Manifest => document.toJS());
  // The API server has not the kinds of cert-manager.
  const known = objects.filter(({ apiVersion }) => !apiVersion.startsWith('cert-manager.io/'));
  await plane.kubectl(['apply', '--server-side', '-f', '-'], known.map((object) => stringify(object)).join('---\n'));
  await start();
}, 90_000);
afterAll(() => open.disposeAsync());

async function start(): Promise<void> {
  const stop = new AbortController();
  const webhook = makeWebhook({
    config: {
      ...{ namespace: 'skycap-system', listen: { host: '127.0.0.1', port: 0 }, extraNames: [] },
      ...{ certificateSource: 'certManager', unmarkedServices: 'defaultEip', protocols: ALL_PROTOCOLS },
      ...{ drainSeconds: 0, logLevel: 'info', metricsToken: '' },
    },
    client: plane.client(USER),
    registry: new Registry(),
    log: sink.log,
    now: () => new Date(),
    monotonicMs: () => performance.now(),
    eventLoop: () => OK,
    isStopping: () => false,
    onCertificate: (pair) => server.setCertificate(pair),
  });
  const server = new WebhookServer({ app: webhook.app, host: '127.0.0.1', port: 0 });
  port = await server.listen();
  const running = webhook.run(stop.signal);
  open.defer(async () => {
    stop.abort();
    await running;
    await server.drain(0);
  });
}

const certificate = (now = new Date(), names: readonly string[] = [NAME]) => makeContent({ names, now });
const dataOf = ({ certificate: pem, key, authorities }: TlsContent) => ({
  'tls.crt': Buffer.from(pem).toString('base64'),
  'tls.key': Buffer.from(key).toString('base64'),
  'ca.crt': Buffer.from(authorities.join('')).toString('base64'),
});
const write = (content: TlsContent) =>
  plane.client().patch(SECRETS, ref, { data: dataOf(content) } as never, { type: 'merge' });
const create = (content: TlsContent) =>
  plane.client().create(SECRETS, { metadata: ref, type: 'kubernetes.io/tls', data: dataOf(content) } as never);

/** The fingerprint of the certificate that a new connection gets; undefined if the handshake fails. */
function served(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.fingerprint256);
      socket.destroy();
    });
    socket.once('error', () => resolve(undefined));
  });
}
const fingerprintOf = ({ certificate: pem }: TlsContent) => new X509Certificate(pem).fingerprint256;
const isServed = (content: TlsContent) =>
  eventually(async () => expect(await served()).toBe(fingerprintOf(content)), { withinMs: 10_000 });
const warnings = () =>
  sink.lines.filter(({ msg }) => msg === 'certificate is not taken into use').map(({ why }) => why);

/** Over a connection that stays open. */
const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
function ready(): Promise<{ readonly status: number | undefined; readonly text: string; readonly isReused: boolean }> {
  return new Promise((resolve, reject) => {
    const sent = request({ agent, port, host: '127.0.0.1', path: '/readyz' }, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode, text, isReused: sent.reusedSocket });
    });
    sent.once('error', reject).end();
  });
}

it('without a Secret no handshake succeeds, and the log says what is missing', async () => {
  await eventually(() =>
    expect(warnings()).toContainEqual(expect.stringMatching(/^the Secret does not exist; see the/)),
  );
  expect(await served()).toBeUndefined();
});

it('takes the certificate into use, and each new one, while connections go on', async () => {
  const first = await certificate();
  await create(first);
  await isServed(first);
  await eventually(async () => expect(await ready()).toMatchObject({ status: 200 }), { withinMs: 20_000 });
  const second = await certificate();
  await write(second);
  await isServed(second);
  expect(await ready()).toMatchObject({ status: 200, isReused: true });
});

it('goes on with the one that it has where the Secret is unusable or gone', async () => {
  const kept = await served();
  await write(await certificate(new Date('2020-01-01T00:00:00Z')));
  await eventually(() => expect(warnings()).toContainEqual(expect.stringMatching(/^the certificate expired at 2020-/)));
  await write(await certificate(new Date(), ['other.svc']));
  await eventually(() => expect(warnings()).toContainEqual(expect.stringMatching(/^the certificate is not for /)));
  await plane.client().delete(SECRETS, ref);
  await eventually(() =>
    expect(warnings().filter((why) => `${why}`.startsWith('the Secret does not'))).toHaveLength(2),
  );
  expect(await served()).toBe(kept);
  expect(await ready()).toMatchObject({ status: 200 });
  const next = await certificate();
  await create(next);
  await isServed(next);
});

it('writes neither the Secret nor a configuration, and asks for nothing that it may not', async () => {
  const configuration = [
    'get',
    'mutatingwebhookconfiguration',
    'skycap',
    '-o',
    'jsonpath={.webhooks[0].clientConfig.caBundle}',
  ];
  expect(await plane.kubectl(configuration)).toBe('');
  expect(sink.lines.filter((line) => JSON.stringify(line).includes('forbidden'))).toEqual([]);
  const may = (verb: string, what: string) =>
    plane.kubectl(['auth', 'can-i', verb, what, '-n', 'skycap-system', '--as', USER]).then(
      (answer) => answer.trim(),
      () => 'no',
    );
  expect(await may('update', 'secrets/skycap-webhook-tls')).toBe('no');
  expect(await may('patch', 'mutatingwebhookconfigurations/skycap')).toBe('no');
  expect(await may('watch', 'secrets/skycap-webhook-tls')).toBe('yes');
});
