/**
 * `status` and `explain` read a large cluster in a bounded number of requests, and a user with few rights gets what the rights allow. By default a hundred Services;
 * SKYCAP_SCALE_SERVICES=10000 SKYCAP_SCALE_NODES=300 measures a large cluster.
 */
import { ADDRESSES_ANNOTATION, EIP_LABEL } from '../../../lib/api/keys.ts';
import type { Condition } from '../../../lib/api/meta/object.ts';
import type { Explanation } from '../../../lib/explain/explanation.ts';
import { BGP_CONFS, BGP_PEERS, EIP_CLAIMS, EIPS, NODES, SERVICES, SPEAKERS } from '../../../lib/kube/resource.ts';
import { inParallel } from '../../bench/in-parallel.ts';
import { ControlPlane } from '../../support/control-plane.ts';
import { type PluginRun, runPlugin } from '../../support/plugin.ts';
import { installForSpeakers } from '../../support/speaker-objects.ts';

const SERVICE_COUNT = Number(process.env.SKYCAP_SCALE_SERVICES ?? 100);
const NODE_COUNT = Number(process.env.SKYCAP_SCALE_NODES ?? 30);
const PARALLEL = 32;
const VIEWER = 'viewer';
const PASSWORD = 'pass-that-nobody-may-see';

let plane: ControlPlane;
let admin: string;
let theClient: ReturnType<ControlPlane['client']>;

beforeAll(async () => {
  plane = await ControlPlane.start({ users: [VIEWER] });
  admin = await plane.kubeconfigFile();
  theClient = plane.client();
  await installForSpeakers(plane);
  await plane.kubectl(['create', 'namespace', 'shop']);
  // The part of the ClusterRole view that counts here: the controller manager, which is not there, puts view together.
  const resources = '--resource=services,endpointslices.discovery.k8s.io,configmaps';
  await plane.kubectl(['create', 'role', 'view', '-n', 'shop', '--verb=get,list,watch', resources]);
  await plane.kubectl(['create', 'rolebinding', 'viewer', '-n', 'shop', '--role=view', `--user=${VIEWER}`]);
  // The first run loads the modules.
  await runPlugin(['--kubeconfig', admin, 'status']);
  await runPlugin(['--kubeconfig', admin, 'explain', 'default/kubernetes']);
  await fill();
}, 900_000);
afterAll(() => plane?.[Symbol.asyncDispose]());

test('status answers in time and fits a screen', async () => {
  const { run, ms } = await timed('status');
  process.stderr.write(`status: ${ms.toFixed(0)} ms, ${run.out.split('\n').length} lines\n`);
  expect(run.err).toBe('');
  expect(run.out).toContain('shop/web-0');
  expect(run.out.split('\n').length).toBeLessThan(45);
  if (SERVICE_COUNT > 1_000) expect(ms).toBeLessThan(2_000);
});

test('explain of a Service with its address, of one without, and of an address', async () => {
  for (const target of ['shop/web-1', 'shop/web-0', '10.0.0.1', `node/${nodeName(0)}`, 'eip/web', 'peer/tor']) {
    const { run, ms } = await timed('explain', target);
    process.stderr.write(`explain ${target}: ${ms.toFixed(0)} ms\n`);
    expect([run.err, run.out]).toEqual(['', expect.stringMatching(/^(Service|Address|Node|Eip|BgpPeer) /)]);
    expect(run.out).not.toContain(PASSWORD);
    if (SERVICE_COUNT > 1_000) expect(ms).toBeLessThan(2_000);
  }
});

test('a user with "view" in one namespace gets what that allows, and is told the rest', async () => {
  const kubeconfig = await plane.kubeconfigFile(VIEWER);
  const status = await runPlugin(['--kubeconfig', kubeconfig, '-n', 'shop', 'status']);
  expect([status.err, status.out]).toEqual(['', expect.stringContaining('shop/web-0')]);
  expect(status.out).toContain('You may not list eips');
  const json = await runPlugin(['--kubeconfig', kubeconfig, '-n', 'shop', 'explain', 'web-1', '-o', 'json']);
  const explanation: Explanation = JSON.parse(json.out);
  expect(explanation.unread.map(({ resource }) => resource)).toEqual(expect.arrayContaining(['eips', 'speakers']));
  expect(explanation.steps.filter(({ state }) => state === 'failed').map(({ reason }) => reason)).toEqual([
    'NoEndpoints',
  ]);
  const pending = await runPlugin(['--kubeconfig', kubeconfig, '-n', 'shop', 'explain', 'web-0']);
  expect(pending.out).toContain('EipFull');
  expect(pending.code).toBe(1);
  const elsewhere = await runPlugin(['--kubeconfig', kubeconfig, 'explain', 'default/kubernetes']);
  expect([elsewhere.code, elsewhere.err]).toEqual([4, expect.stringContaining('Ask the administrator')]);
});

async function timed(...args: string[]): Promise<{ readonly run: PluginRun; readonly ms: number }> {
  const startedMs = performance.now();
  const run = await runPlugin(['--kubeconfig', admin, ...args]);
  return { run, ms: performance.now() - startedMs };
}

const nodeName = (i: number): string => `node-${i}`;
const addressOf = (i: number): string => `10.0.${i >> 8}.${i & 255}`;

function condition(type: string, status: Condition['status'], reason: string, message: string): Condition {
  return { type, status, reason, message, lastTransitionTime: '2026-01-01T00:00:00Z' };
}

/** Objects as the components leave them. */
async function fill(): Promise<void> {
  const client = theClient;
  const openelb = { apiVersion: 'network.kubesphere.io/v1alpha2' };
  await client.create(EIPS, { ...openelb, kind: 'Eip', metadata: { name: 'web' }, spec: { address: '10.0.0.0/16' } });
  const conf = { as: 65000, routerId: '10.9.9.9' };
  await client.create(BGP_CONFS, { ...openelb, kind: 'BgpConf', metadata: { name: 'default' }, spec: conf });
  const peer = { conf: { peerAs: 65001, neighborAddress: '192.0.2.1', authPassword: PASSWORD } };
  await client.create(BGP_PEERS, { ...openelb, kind: 'BgpPeer', metadata: { name: 'tor' }, spec: peer });
  await inParallel(PARALLEL, Array.from({ length: NODE_COUNT }), (_, i) => makeNode(nodeName(i), i));
  await inParallel(PARALLEL, Array.from({ length: SERVICE_COUNT }), (_, i) => makeService(`web-${i}`, i));
}

async function makeNode(name: string, i: number): Promise<void> {
  const client = theClient;
  const node = await client.create(NODES, { metadata: { name } });
  const addresses = [{ type: 'InternalIP', address: `192.0.${2 + (i >> 8)}.${i & 255}` }];
  await client.replace(NODES, { ...node, status: { addresses } }, { subresource: 'status' });
  const speaker = await client.create(SPEAKERS, {
    apiVersion: 'skycap.io/v1alpha1',
    kind: 'Speaker',
    metadata: { name },
  });
  const state = i % 7 === 0 ? ('Active' as const) : ('Established' as const);
  const session = {
    peer: 'tor',
    neighborAddress: '192.0.2.1',
    neighborAs: 65001,
    localAs: 65000,
    state,
    routesSent: 9,
    disabled: false,
  };
  const conditions = [condition('Ready', 'True', 'Ready', 'nothing to mend')];
  await client.replace(
    SPEAKERS,
    { ...speaker, status: { sessions: [session], conditions } },
    { subresource: 'status' },
  );
}

/** The first one waits. */
async function makeService(name: string, i: number): Promise<void> {
  const client = theClient;
  const isPending = i === 0;
  const address = addressOf(i);
  const created = await client.create(SERVICES, {
    metadata: {
      name,
      namespace: 'shop',
      labels: { [EIP_LABEL]: 'web' },
      annotations: { 'lb.kubesphere.io/v1alpha1': 'openelb', ...(!isPending && { [ADDRESSES_ANNOTATION]: address }) },
    },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }], allocateLoadBalancerNodePorts: false } as object,
  });
  const { namespace = '', uid = '' } = created.metadata;
  const assigned = isPending
    ? condition('skycap.io/AddressAssigned', 'False', 'EipFull', 'every address of Eip web is in use')
    : condition('skycap.io/AddressAssigned', 'True', 'Assigned', `${address} from Eip web`);
  const announced = condition('skycap.io/Announced', 'True', 'Announced', `${address} by bgp, see Eip web`);
  const status = {
    loadBalancer: isPending ? {} : { ingress: [{ ip: address }] },
    conditions: isPending ? [assigned] : [assigned, announced],
  };
  await client.replace(SERVICES, { ...created, status }, { subresource: 'status' });
  if (isPending) return;
  const holder = {
    namespace,
    name,
    uid,
    token: `t${i}`,
    ports: [{ port: 80, protocol: 'TCP' as const }],
    externalTrafficPolicy: 'Cluster' as const,
    selector: '',
    since: '2026-01-01T00:00:00Z',
  };
  const claim = { apiVersion: 'skycap.io/v1alpha1', kind: 'EipClaim', metadata: { name: address } } as const;
  await client.create(EIP_CLAIMS, { ...claim, spec: { address, eip: 'web', holders: [holder] } });
}
