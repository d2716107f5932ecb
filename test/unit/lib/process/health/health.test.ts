import { request } from 'node:http';
import { Counter, Registry } from 'prom-client';
import { type Checks, failing, OK } from '../../../../../lib/process/health/check.ts';
import { type HealthServer, serveHealth, splitAddress } from '../../../../../lib/process/health/health.ts';

let server: HealthServer | undefined;
afterEach(() => server?.close());

async function ask(
  path: string,
  checks: { ready?: Checks; metricsToken?: string } = {},
  method = 'GET',
  headers: Record<string, string> = {},
) {
  const registry = new Registry();
  new Counter({ name: 'skycap_test_total', help: 'x', registers: [registry] }).inc();
  server = await serveHealth({ address: '127.0.0.1:0', registry, ready: {}, ...checks });
  const url = `http://${server.address}${path}`;
  return new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    const sent = request(url, { method, headers }, async (response) => {
      let body = '';
      for await (const chunk of response) body += chunk;
      resolve({ status: response.statusCode, body });
    });
    sent.once('error', reject);
    sent.end();
  });
}

const bad: Checks = { watch: () => failing('services were not heard of for 200 s'), loop: () => OK };
const buggy: Checks = {
  a: () => {
    throw new Error('oops');
  },
};

it.each<[string, { ready?: Checks }, number, string]>([
  ['/healthz', {}, 200, 'ok\n'],
  ['/readyz', {}, 200, 'ok\n'],
  ['/readyz?verbose', { ready: { loop: () => OK } }, 200, '[+] loop ok\n'],
  ['/readyz', { ready: bad }, 503, '[-] watch: services were not heard of for 200 s\n[+] loop ok\n'],
  ['/healthz', { ready: bad }, 200, 'ok\n'],
  ['/readyz', { ready: buggy }, 503, '[-] a: the check itself failed: oops\n'],
  ['/constructor', {}, 404, 'there is /healthz, /readyz and /metrics\n'],
])('%s with %j', async (path, checks, status, body) => {
  expect(await ask(path, checks)).toEqual({ status, body });
});

it('serves the metrics, and nothing but GET', async () => {
  expect((await ask('/metrics')).body).toContain('skycap_test_total 1');
  await server?.close();
  expect((await ask('/metrics', {}, 'DELETE')).status).toBe(405);
});

it.each<[string, Record<string, string>, number]>([
  ['the token', { authorization: 'Bearer s3cret' }, 200],
  ['no token', {}, 401],
  ['another token', { authorization: 'Bearer s3cre' }, 401],
  ['the token by another scheme', { authorization: 'Basic s3cret' }, 401],
])('with a token set, the metrics for %s', async (_, headers, status) => {
  const answer = await ask('/metrics', { metricsToken: 's3cret' }, 'GET', headers);
  expect(answer.status).toBe(status);
  expect(answer.body.includes('skycap_test_total 1')).toBe(status === 200);
  expect(answer.body).not.toContain('s3cret');
  await server?.close();
  expect((await ask('/readyz', { metricsToken: 's3cret' })).status).toBe(200);
});

it('says which address it cannot take', async () => {
  await ask('/healthz');
  const address = server?.address ?? '';
  await expect(serveHealth({ address, registry: new Registry(), ready: {} })).rejects.toThrow(
    `Cannot serve health on "${address}": listen EADDRINUSE`,
  );
});

it.each([
  ['127.0.0.1:7980', { host: '127.0.0.1', port: 7980 }],
  [':8080', { host: '', port: 8080 }],
  ['[::1]:0', { host: '::1', port: 0 }],
  ['localhost:65535', { host: 'localhost', port: 65_535 }],
])('reads the address %j', (address, expected) => {
  expect(splitAddress(address)).toEqual(expected);
});

it.each(['', '7980', '::1:80', 'a:65536', 'a:-1', 'a:b', '[::1]', 'a:80:90'])('refuses the address %j', (address) => {
  expect(() => splitAddress(address)).toThrow(SyntaxError);
});
