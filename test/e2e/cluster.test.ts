/**
 * The lab itself, without Skycap's part: nodes, pods, kube-proxy's data path for a load balancer's address, the router and the client.
 * What fails here is no fault of Skycap.
 */
import { readExamples, request, type Spread } from '../lab/demo.ts';
import { FAKE_NODE_LABEL, FakeNodes } from '../lab/fake-nodes.ts';
import { waitForSkycap } from '../lab/install.ts';
import type { LabNode } from '../lab/node.ts';
import { eventually } from '../lab/poll.ts';
import { Scene } from './support/scene.ts';

const V4 = '198.51.110';
const V6 = '2001:db8:110::';
/** A class that no controller has, so that the test alone says what the Service's addresses are. */
const BY_HAND = { loadBalancerClass: 'lab.test/by-hand' } as const;

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open('cluster', {});
  await scene.deployBackends(await readExamples(scene.lab), 3);
});
afterAll(() => scene?.close());

/** What Skycap does for its own Services, by hand: publish the addresses, and route them to the nodes. */
async function publishByHand(service: string, addresses: readonly string[], via: readonly LabNode[]): Promise<void> {
  const path = `/api/v1/namespaces/${scene.namespace}/services/${service}/status`;
  await scene.lab.api.patch(path, { status: { loadBalancer: { ingress: addresses.map((ip) => ({ ip })) } } });
  for (const address of addresses) {
    const family = address.includes(':') ? 'v6' : 'v4';
    const hops = via.flatMap((node) => ['nexthop', 'via', node.address[family]]);
    const route = ['ip', family === 'v6' ? '-6' : '-4', 'route', 'replace', address, 'proto', 'static', ...hops];
    await scene.lab.router.exec(route);
  }
}

/** kube-proxy needs a moment to learn of the address. */
function answersOf(address: string, count: number): Promise<Spread> {
  return eventually(
    async () => {
      const spread = await request(scene.lab, address, count);
      return spread.failures.length === 0 && spread;
    },
    { what: `${count} answers from ${address}`, deadlineMs: 60_000 },
  );
}

test('three nodes are Ready, each with addresses of both families and its own pod subnets', async () => {
  const { items } = await scene.lab.api.get<{ items: NodeObject[] }>(
    '/api/v1/nodes?labelSelector=kubernetes.io/os=linux',
  );
  expect(items.map((node) => node.metadata.name)).toEqual(['n1', 'n2', 'n3']);
  for (const [i, node] of items.entries()) {
    expect(node.status.conditions.find(({ type }) => type === 'Ready')).toMatchObject({ status: 'True' });
    const addresses = node.status.addresses.filter(({ type }) => type === 'InternalIP').map(({ address }) => address);
    expect(addresses).toEqual([`10.98.0.${11 + i}`, `fd98::${11 + i}`]);
    expect(node.spec.podCIDRs).toEqual([`10.244.${i + 1}.0/24`, `fd00:244:0:${i + 1}::/64`]);
  }
});

test('the client reaches the pods on all nodes through equal-cost routes, by IPv4 and IPv6', async () => {
  const addresses = [`${V4}.1`, `${V6}1`];
  await scene.createService('everywhere', { spec: { ...BY_HAND, ipFamilyPolicy: 'RequireDualStack' } });
  await publishByHand('everywhere', addresses, scene.lab.nodes);
  for (const address of addresses) {
    const spread = await answersOf(address, 30);
    expect([...spread.perNode.keys()]).toEqual(['n1', 'n2', 'n3']);
  }
});

test('under externalTrafficPolicy Local only the node’s own pod answers, and it sees the client itself', async () => {
  await scene.createService('local', { spec: { ...BY_HAND, externalTrafficPolicy: 'Local' } });
  await publishByHand('local', [`${V4}.2`], [scene.lab.node(2)]);
  const spread = await answersOf(`${V4}.2`, 5);
  expect([...spread.perNode]).toEqual([['n2', 5]]);
  expect([...spread.clientAddresses]).toEqual([scene.lab.client.address.v4]);
});

test('an address that nobody routes does not answer, and is not refused either', async () => {
  const answer = await scene.lab.client.get(`http://${V4}.250/`, { timeoutMs: 300 });
  expect(answer).toMatchObject({ ok: false, error: 'ETIMEDOUT' });
});

test('a node that loses power is found NotReady and comes back; fake nodes stay Ready meanwhile and draw no pods', async () => {
  await using fakes = await FakeNodes.start(scene.lab.api, { count: 5 });
  const node = scene.lab.node(3);
  await node.powerOff();
  await eventually(async () => !(await node.isReady()), { what: 'n3 NotReady', deadlineMs: 60_000, intervalMs: 500 });
  const path = `/api/v1/nodes?labelSelector=${FAKE_NODE_LABEL}`;
  const { items } = await scene.lab.api.get<{ items: NodeObject[] }>(path);
  expect(items.map(({ metadata }) => metadata.name)).toEqual(fakes.names);
  for (const { status } of items) {
    expect(status.conditions.find(({ type }) => type === 'Ready')).toMatchObject({ status: 'True' });
  }
  const pods = await scene.lab.api.get<{ items: { spec: { nodeName?: string } }[] }>('/api/v1/pods');
  expect(pods.items.filter(({ spec }) => fakes.names.includes(spec.nodeName ?? ''))).toEqual([]);
  await node.powerOn();
  await node.waitUntilReady();
  // The files after this one count on every pod.
  await waitForSkycap(scene.lab);
});

interface NodeObject {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly podCIDRs: readonly string[] };
  readonly status: {
    readonly conditions: readonly { readonly type: string; readonly status: string }[];
    readonly addresses: readonly { readonly type: string; readonly address: string }[];
  };
}
