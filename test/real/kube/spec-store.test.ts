/** The SpecStore against a real API server and the Eips' real definition: it reads a spec when it changed, and is not disturbed by a status. */
import { join } from 'node:path';
import type { EipObject } from '../../../lib/api/eip/eip-types.ts';
import { SpecStore } from '../../../lib/kube/cache/spec-store.ts';
import type { KubeWatcher, ListOptions } from '../../../lib/kube/client.ts';
import type { HttpKubeClient } from '../../../lib/kube/http/http-client.ts';
import { BGP_CONFS, BGP_PEERS, EIPS } from '../../../lib/kube/resource.ts';
import { ControlPlane } from '../../support/control-plane.ts';
import { eventually } from '../../support/eventually.ts';
import { logSink } from '../../support/log-sink.ts';

const MANIFESTS = join(import.meta.dirname, '../../../manifests');

let plane: ControlPlane;
let admin: HttpKubeClient;
let store: SpecStore<EipObject>;
const changes: string[] = [];
/** What was asked for beside the metadata. */
const reads: (string | undefined)[] = [];
const stop = new AbortController();
let running: Promise<void>;

beforeAll(async () => {
  plane = await ControlPlane.start();
  admin = plane.client();
  await plane.kubectl(['apply', '-k', join(MANIFESTS, 'crds')]);
  await plane.kubectl(['wait', '--for=condition=Established', 'crd', '--all']);
  for (const name of ['a', 'b']) await create(name);
  const client = plane.client();
  const counted: KubeWatcher = {
    watch: (resource, options) => client.watch(resource, options),
    list: (resource, options: ListOptions = {}) => {
      if (!options.metadataOnly) reads.push(options.fieldSelector);
      return client.list(resource, options);
    },
  };
  store = new SpecStore({ client: counted, resource: EIPS, log: logSink().log });
  store.subscribe(({ type, key }) => changes.push(`${type} ${key}`));
  running = store.run(stop.signal);
  await store.waitForSync(stop.signal);
}, 60_000);

afterAll(async () => {
  stop.abort();
  await running;
  await plane?.[Symbol.asyncDispose]();
});

beforeEach(() => {
  changes.length = 0;
  reads.length = 0;
});

const create = (name: string, third = name.charCodeAt(0)) =>
  admin.create(EIPS, {
    apiVersion: 'network.kubesphere.io/v1alpha2',
    kind: 'Eip',
    metadata: { name },
    spec: { address: `10.0.${third}.0/24` },
  });
const addressOf = (name: string) => store.get(name)?.spec?.address;
const patch = (name: string, body: object, subresource?: 'status') =>
  admin.patch(EIPS, { name }, body, { type: 'merge', ...(subresource && { subresource }) });

it('has read every spec once it is in step', () => {
  expect([...store.values()].map(({ metadata, spec }) => [metadata.name, spec?.address])).toEqual([
    ['a', '10.0.97.0/24'],
    ['b', '10.0.98.0/24'],
  ]);
});

it('a status is neither read nor told', async () => {
  const before = store.get('a');
  await patch('a', { status: { usage: 7, used: { '10.0.97.1': 'default/web' } } }, 'status');
  // Labels travel with the metadata: when this one is seen, the status was passed over.
  await patch('a', { metadata: { labels: { seen: 'yes' } } });
  await eventually(() => expect(store.get('a')?.metadata.labels).toEqual({ seen: 'yes' }));
  expect(changes).toEqual(['modified a']);
  expect(reads).toEqual([]);
  expect(store.get('a')).toEqual({ ...before, metadata: { ...before?.metadata, ...store.get('a')?.metadata } });
});

it('a changed spec is read, and that object alone', async () => {
  const other = store.get('b');
  await patch('a', { spec: { address: '10.1.0.0/24' } });
  await eventually(() => expect(addressOf('a')).toBe('10.1.0.0/24'));
  expect(reads).toEqual(['metadata.name=a']);
  expect(changes).toEqual(['modified a']);
  expect(store.get('b')).toBe(other);
});

it('what is deleted goes; what is made again under its name is another', async () => {
  await admin.delete(EIPS, { name: 'b' });
  await eventually(() => expect(store.get('b')).toBeUndefined());
  await create('b', 9);
  await eventually(() => expect(addressOf('b')).toBe('10.0.9.0/24'));
  expect(changes).toEqual(['deleted b', 'added b']);
});

it('metadata, which every node is told, stays small whatever a status holds', async () => {
  const apiVersion = 'network.kubesphere.io/v1alpha2';
  const conf = { apiVersion, kind: 'BgpConf', metadata: { name: 'default' }, spec: { as: 64512 } };
  const peer = {
    ...{ apiVersion, kind: 'BgpPeer', metadata: { name: 'a' } },
    spec: { conf: { neighborAddress: '192.0.2.1', peerAs: 64513 } },
  };
  await admin.create(BGP_CONFS, conf);
  await admin.create(BGP_PEERS, peer);
  const perNode = <T>(value: T) => Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`node-${i}`, value]));
  const options = { type: 'merge', subresource: 'status' } as const;
  const statuses = [
    await admin.patch(EIPS, { name: 'a' }, { status: { used: perNode('default/web') } }, options),
    await admin.patch(BGP_CONFS, { name: 'default' }, { status: { nodesConfStatus: perNode({ as: 64512 }) } }, options),
    await admin.patch(
      BGP_PEERS,
      { name: 'a' },
      { status: { nodesPeerStatus: perNode({ peerState: { sessionState: 'ESTABLISHED' } }) } },
      options,
    ),
  ];
  for (const { kind, metadata, status } of statuses) {
    expect([kind, JSON.stringify(status).length > 2_000]).toEqual([kind, true]);
    expect([kind, JSON.stringify(metadata).length < 2_000]).toEqual([kind, true]);
  }
});

it('many changes at once are read together', async () => {
  const names = Array.from({ length: 12 }, (_, i) => `many-${i}`);
  await Promise.all(names.map((name, i) => create(name, 100 + i)));
  await eventually(() => expect(names.map(addressOf)).toEqual(names.map((_, i) => `10.0.${100 + i}.0/24`)));
  expect(reads.length).toBeLessThan(names.length);
});

it('what goes with its CRD stays until there is an object of the kind again', async () => {
  const before = [...store.values()].map(({ metadata }) => metadata.name).toSorted();
  await create('new');
  await eventually(() => expect(addressOf('new')).toBeDefined());
  changes.length = 0;
  const crd = 'eips.network.kubesphere.io';
  await plane.kubectl(['delete', 'crd', crd]);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect([...store.values()].map(({ metadata }) => metadata.name).toSorted()).toEqual([...before, 'new'].toSorted());
  await plane.kubectl(['apply', '-f', join(MANIFESTS, 'crds/eips.yaml')]);
  await plane.kubectl(['wait', '--for=condition=Established', `crd/${crd}`]);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(changes).toEqual([]);
  await create('new');
  await eventually(() => expect([...store.values()].map(({ metadata }) => metadata.name)).toEqual(['new']), {
    withinMs: 30_000,
  });
  // One that is deleted by itself goes.
  await admin.delete(EIPS, { name: 'new' });
  await eventually(() => expect([...store.values()]).toEqual([]));
}, 60_000);
