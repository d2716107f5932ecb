/** HttpKubeClient against a real API server: verbs, refusals, credentials, repeats, and one connection for everything. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import type { KubeObject } from '../../../lib/api/meta/object.ts';
import { inClusterAccess } from '../../../lib/kube/access/in-cluster-access.ts';
import { isAlreadyExists, isConflict, isNotFound, KubeError, KubeUnreachableError } from '../../../lib/kube/errors.ts';
import { HttpKubeClient } from '../../../lib/kube/http/http-client.ts';
import { NAMESPACES, type Resource, SERVICES } from '../../../lib/kube/resource.ts';
import { ApiProxy } from '../../support/api-proxy.ts';
import { ADMIN, ControlPlane } from '../../support/control-plane.ts';
import { eventually, until } from '../../support/eventually.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}
const CONFIG_MAPS: Resource<ConfigMap> = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
};
const NAMESPACE = 'default';

let plane: ControlPlane;
let open: AsyncDisposableStack;

beforeAll(async () => {
  plane = await ControlPlane.start({ users: ['system:serviceaccount:skycap-system:nobody'] });
  // The API server makes this one in its own time.
  await eventually(() => plane.client().get(SERVICES, { name: 'kubernetes', namespace: NAMESPACE }));
}, 60_000);
afterAll(() => plane?.[Symbol.asyncDispose]());
beforeEach(() => {
  open = new AsyncDisposableStack();
});
afterEach(() => open.disposeAsync());

function clientOf(server: string, options: { readonly registry?: Registry; readonly requestTimeoutMs?: number } = {}) {
  const access = { server, token: plane.user(ADMIN).token, tls: { ca: plane.caPem } };
  const client = HttpKubeClient.fromToken(access, { component: 'test', ...options });
  open.defer(() => client.close());
  return client;
}

function configMap(name: string, data?: Record<string, string>): ConfigMap {
  return { metadata: { name, namespace: NAMESPACE }, ...(data && { data }) };
}

it('keeps a write back that must not leave any more by the time there is a connection', async () => {
  const client = clientOf(plane.url);
  let isAllowed = true;
  const beforeSend = (): void => {
    if (!isAllowed) throw new Error('too late');
  };
  await client.create(CONFIG_MAPS, configMap('in-time'), { beforeSend });
  const writing = clientOf(plane.url).create(CONFIG_MAPS, configMap('too-late'), { beforeSend });
  isAllowed = false;
  await expect(writing).rejects.toThrow('too late');
  const ref = { name: 'in-time', namespace: NAMESPACE };
  const writes = [
    client.replace(CONFIG_MAPS, configMap('in-time', { a: 'b' }), { beforeSend }),
    client.patch(CONFIG_MAPS, ref, { data: { a: 'b' } }, { type: 'merge', beforeSend }),
    client.delete(CONFIG_MAPS, ref, { beforeSend }),
  ];
  for (const result of await Promise.allSettled(writes)) expect(result.status).toBe('rejected');
  const { items } = await client.list(CONFIG_MAPS, { namespace: NAMESPACE });
  const ours = items.filter(({ metadata }) => /^(in-time|too-late)$/.test(metadata.name ?? ''));
  expect(ours.map(({ metadata, data }) => [metadata.name, data])).toEqual([['in-time', undefined]]);
});

it('creates, reads, replaces, patches in each way, and deletes', async () => {
  const client = plane.client();
  const made = await client.create(CONFIG_MAPS, configMap('verbs', { a: '1' }));
  expect(made).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1', data: { a: '1' } });
  const ref = { name: 'verbs', namespace: NAMESPACE };
  const replaced = await client.replace(CONFIG_MAPS, { ...made, data: { a: '2' } });
  expect(replaced.data).toEqual({ a: '2' });
  await client.patch(CONFIG_MAPS, ref, { data: { b: '3' } }, { type: 'merge' });
  await client.patch(CONFIG_MAPS, ref, { data: { c: '4' } }, { type: 'strategic' });
  await client.patch(CONFIG_MAPS, ref, [{ op: 'add', path: '/data/d', value: '5' }], { type: 'json' });
  const applied = { apiVersion: 'v1', kind: 'ConfigMap', data: { e: '6' } };
  await client.patch(CONFIG_MAPS, ref, applied, { type: 'apply', fieldManager: 'test', force: true });
  expect((await client.get(CONFIG_MAPS, ref)).data).toEqual({ a: '2', b: '3', c: '4', d: '5', e: '6' });
  await client.delete(CONFIG_MAPS, ref, { uid: made.metadata.uid! });
  await expect(client.get(CONFIG_MAPS, ref)).rejects.toThrow(
    'Cannot get configmaps "default/verbs": configmaps "verbs" not found (404 NotFound)',
  );
});

it('writes nothing in a dry run', async () => {
  const client = plane.client();
  await client.create(CONFIG_MAPS, configMap('dry'), { dryRun: true });
  await refused(client.get(CONFIG_MAPS, { name: 'dry', namespace: NAMESPACE }), isNotFound);
  await client.create(CONFIG_MAPS, configMap('dry'));
  await client.delete(CONFIG_MAPS, { name: 'dry', namespace: NAMESPACE }, { dryRun: true });
  await client.get(CONFIG_MAPS, { name: 'dry', namespace: NAMESPACE });
});

it('tells refusals apart', async () => {
  const client = plane.client();
  const made = await client.create(CONFIG_MAPS, configMap('refused'));
  await refused(client.create(CONFIG_MAPS, configMap('refused')), isAlreadyExists);
  await client.replace(CONFIG_MAPS, { ...made, data: { a: '1' } });
  await refused(client.replace(CONFIG_MAPS, { ...made, data: { a: '2' } }), isConflict);
  await refused(client.delete(CONFIG_MAPS, { name: 'refused', namespace: NAMESPACE }, { uid: 'another' }), isConflict);
  await refused(client.create(CONFIG_MAPS, configMap('Not_A_Name')), hasCode(422));
  const nobody = plane.client('system:serviceaccount:skycap-system:nobody');
  await refused(nobody.list(SERVICES), hasCode(403));
});

it('never turns the deletion of one object without a name into that of all', async () => {
  const client = plane.client();
  await expect(client.delete(CONFIG_MAPS, { name: '', namespace: NAMESPACE })).rejects.toThrow(RangeError);
  await expect(client.delete(CONFIG_MAPS, { name: 'x' })).rejects.toThrow(RangeError);
});

it('sends two hundred requests and a watch over one connection', async () => {
  const proxy = open.use(await TcpProxy.start(plane.port));
  const client = clientOf(proxy.url);
  const { resourceVersion } = await client.list(NAMESPACES);
  const stop = new AbortController();
  const stream = await client.watch(NAMESPACES, { resourceVersion, timeoutSeconds: 60, signal: stop.signal });
  await Promise.all(
    Array.from({ length: 200 }, () => client.get(SERVICES, { name: 'kubernetes', namespace: NAMESPACE })),
  );
  stop.abort(new Error('enough'));
  await expect(drain(stream)).rejects.toThrow('enough');
  expect(proxy.accepted).toBe(1);
});

it('frees a watch at the API server when its reader stops reading', async () => {
  const client = plane.client();
  const { resourceVersion } = await client.list(CONFIG_MAPS);
  const watches = async (): Promise<number> => {
    const text = await plane.kubectl(['get', '--raw', '/metrics']);
    const lines = text.match(/^apiserver_longrunning_requests\{.*resource="configmaps".*verb="WATCH".*$/gm) ?? [];
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  };
  const before = await watches();
  const never = new AbortController();
  const stream = await client.watch(CONFIG_MAPS, { resourceVersion, timeoutSeconds: 60, signal: never.signal });
  expect(await watches()).toBe(before + 1);
  await client.create(CONFIG_MAPS, configMap('seen-by-the-watch'));
  for await (const _ of stream) break;
  await until('the watch is gone', async () => (await watches()) === before);
});

it('repeats a read, and a write too where it was turned away, after the time that Retry-After asks for', async () => {
  const proxy = open.use(await ApiProxy.start(plane, await plane.issue('api-proxy')));
  const registry = new Registry();
  const client = clientOf(proxy.url, { registry });
  let busy = 1;
  proxy.rule = () => (busy-- > 0 ? { status: 429, headers: { 'retry-after': '1' } } : undefined);
  const startedMs = performance.now();
  await client.create(CONFIG_MAPS, configMap('after-429'));
  expect(performance.now() - startedMs).toBeGreaterThan(950);
  busy = 1;
  proxy.rule = () => (busy-- > 0 ? { status: 503, headers: { 'retry-after': '1' } } : undefined);
  await client.get(CONFIG_MAPS, { name: 'after-429', namespace: NAMESPACE });
  busy = 9;
  await expect(client.create(CONFIG_MAPS, configMap('after-503'))).rejects.toMatchObject({ statusCode: 503 });
  expect(busy).toBe(8);
  const text = await registry.metrics();
  expect(text).toContain('skycap_api_requests_total{verb="create",resource="configmaps",code="429"} 1');
  expect(text).toContain('skycap_api_requests_total{verb="create",resource="configmaps",code="201"} 1');
});

it('says that the API server cannot be reached, within the deadline', async () => {
  const proxy = open.use(await TcpProxy.start(plane.port));
  const client = clientOf(proxy.url, { requestTimeoutMs: 500 });
  await client.list(NAMESPACES);
  proxy.freeze();
  const startedMs = performance.now();
  const asked = client.get(NAMESPACES, { name: 'default' });
  await expect(asked).rejects.toThrow(KubeUnreachableError);
  await expect(asked).rejects.toThrow('Cannot get namespaces "default": no answer within 0.5 s');
  expect(performance.now() - startedMs).toBeLessThan(1_000);
  await expect(clientOf('https://127.0.0.1:1').list(NAMESPACES)).rejects.toThrow(
    /Cannot list namespaces: .*ECONNREFUSED/,
  );
});

it('ends a request when its signal aborts, with the reason of the signal', async () => {
  const proxy = open.use(await TcpProxy.start(plane.port));
  const client = clientOf(proxy.url);
  await client.list(NAMESPACES);
  proxy.freeze();
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error('changed my mind')), 50);
  await expect(client.list(NAMESPACES, { signal: stop.signal })).rejects.toThrow('changed my mind');
});

it('uses the files of a ServiceAccount, and the token that kubelet has put there meanwhile', async () => {
  const folder = join(plane.dir, 'serviceaccount');
  await mkdir(folder);
  await writeFile(join(folder, 'ca.crt'), plane.caPem);
  await writeFile(join(folder, 'token'), 'not-yet-known');
  const access = inClusterAccess({
    host: '127.0.0.1',
    port: String(plane.port),
    folder,
    nowMs: () => performance.now(),
  });
  const client = new HttpKubeClient(access, { component: 'test' });
  open.defer(() => client.close());
  await expect(client.list(NAMESPACES)).rejects.toMatchObject({ statusCode: 401 });
  await writeFile(join(folder, 'token'), `${plane.user(ADMIN).token}\n`);
  // Within the minute that a token is cached for: the 401 makes it look again.
  await client.list(NAMESPACES);
  await rm(folder, { recursive: true });
  await client.list(NAMESPACES);
});

it('uses a kubeconfig with a client certificate, from a file', async () => {
  const { cert, key } = await plane.issue('carol');
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const user = `{client-certificate-data: ${base64(cert)}, client-key-data: ${base64(key)}}`;
  const text = (await plane.kubeconfig()).replace(/user:\n\s+token: .*/, `user: ${user}`);
  const path = join(plane.dir, 'carol.kubeconfig');
  await writeFile(path, text);
  const client = HttpKubeClient.fromKubeconfig({ path }, { component: 'test' });
  open.defer(() => client.close());
  await expect(client.list(NAMESPACES)).rejects.toThrow(/User \\?"carol\\?" cannot list resource/);
});

it('works over HTTP/1.1, with the same errors', async () => {
  const proxy = open.use(await ApiProxy.start(plane, await plane.issue('api-proxy'), { http1Only: true }));
  const client = clientOf(proxy.url);
  await client.create(CONFIG_MAPS, configMap('http1'));
  await refused(client.create(CONFIG_MAPS, configMap('http1')), isAlreadyExists);
  await client.delete(CONFIG_MAPS, { name: 'http1', namespace: NAMESPACE });
});

async function refused(request: Promise<unknown>, how: (error: unknown) => boolean): Promise<void> {
  const error = await request.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect({ error, isAsExpected: how(error) }).toMatchObject({ isAsExpected: true });
}

const hasCode = (code: number) => (error: unknown) => error instanceof KubeError && error.statusCode === code;

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}
