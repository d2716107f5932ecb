/**
 * A node loses its power while a client connects every 20 ms. With BFD between node and router, no connection that begins a second later fails. A node without
 * BFD costs the hold time, which `test/real/bird/bird.test.ts` shows.
 */
import { ClientStream } from '../lab/client-stream.ts';
import { readExamples, waitForSessions } from '../lab/demo.ts';
import type { Lab } from '../lab/lab.ts';
import { setCable } from '../lab/network.ts';
import { eventually } from '../lab/poll.ts';
import { RouteWatch } from '../lab/route-watch.ts';
import { unexplained } from './support/in-flight.ts';
import { addressesOf, Scene } from './support/scene.ts';

const POWERED = 'lab.test/powered';
const BFD_UP_DEADLINE_MS = 20_000;
const DETECTED_WITHIN_MS = 1_000;
/** BIRD waits before it dials again: after some cuts in a row, longer than 20 s. */
const BACK_DEADLINE_MS = 90_000;
/**
 * A client gives up after this. One that waits longer gets through without BFD too: Linux passes over a next hop of FRR's once it has asked for its neighbor in vain,
 * some seconds later, and the client sends its SYN again.
 */
const PATIENCE_MS = 3_000;
/** The client goes on so long without the node. */
const WITHOUT_MS = 3_000;

let scene: Scene;
let lab: Lab;
let addresses: readonly string[];

beforeAll(async () => {
  scene = await Scene.open('powercut', { v4: '198.51.107.0/24' });
  lab = scene.lab;
  const examples = await readExamples(lab);
  await lab.apply(...examples.configuration);
  await waitForSessions(lab);
  // With `Cluster`, the other nodes send to the pods of a dead node until Kubernetes knows. These pods are elsewhere.
  await lab.kubectl(['label', 'nodes', 'n1', 'n2', `${POWERED}=`]);
  await scene.deployBackends(examples, 2, 'elsewhere', { [POWERED]: '' });
  await scene.deployBackends(examples, 3);
  const services = [
    await scene.createService('cluster', { spec: { selector: { app: 'elsewhere' } } }),
    await scene.createService('local', { spec: { externalTrafficPolicy: 'Local' } }),
  ];
  addresses = services.flatMap(({ body }) => addressesOf(body));
  await routedBy(3);
  await watchEachOther(true);
});

afterAll(async () => {
  if (lab) {
    await setCable(lab.layout, 'n3', 'up');
    await watchEachOther(false);
    await lab.kubectl(['label', 'nodes', '--all', `${POWERED}-`]);
  }
  await scene?.close();
});

async function routedBy(nodes: number, deadlineMs = 20_000): Promise<void> {
  await Promise.all(addresses.map((address) => lab.router.waitForNextHops(address, nodes, deadlineMs)));
}

/** The router ends a session when BFD's packets stop, so it is the first to switch BFD off. */
async function watchEachOther(isOn: boolean): Promise<void> {
  const patch = JSON.stringify({ spec: { bfd: isOn ? { enabled: true } : null } });
  // Both sessions carry the routes of IPv4.
  const nodes = async () => lab.kubectl(['patch', 'bgppeer', 'router', 'router-ipv6', '--type=merge', '-p', patch]);
  const words = isOn ? ['neighbor nodes bfd', 'neighbor nodes bfd 3 200 200'] : ['no neighbor nodes bfd'];
  const router = async () => lab.router.vtysh('configure terminal', 'router bgp 65000', ...words);
  for (const end of isOn ? [nodes, router] : [router, nodes]) await end();
  if (!isOn) return;
  await eventually(
    async () => {
      const peers: { peer: string; status: string }[] = JSON.parse(await lab.router.vtysh('show bfd peers json'));
      const up = peers.filter(({ status }) => status === 'up');
      return (
        up.length === 6 || Promise.reject(new Error(JSON.stringify(peers.map(({ peer, status }) => [peer, status]))))
      );
    },
    { what: 'BFD between the router and three nodes, both families', deadlineMs: BFD_UP_DEADLINE_MS },
  );
}

test('no connection fails that begins more than a second after the cut, and the node is used again when it is back', async () => {
  const urls = addresses.map((address) => `http://${address}/`);
  await using routes = new RouteWatch(lab);
  await using stream = new ClientStream(lab.client, { urls, everyMs: 20, timeoutMs: PATIENCE_MS });
  // Some connections before the cut.
  await new Promise((resolve) => setTimeout(resolve, 500));
  const cutAtMs = Date.now();
  await setCable(lab.layout, 'n3', 'down');
  await routedBy(2);
  await new Promise((resolve) => setTimeout(resolve, WITHOUT_MS));
  await setCable(lab.layout, 'n3', 'up');
  await routedBy(3, BACK_DEADLINE_MS);
  const { answered, failures } = await stream.end();
  expect(answered).toBeGreaterThan(100);
  const excused = failures.filter(({ atMs, milliseconds }) => {
    return atMs <= cutAtMs + DETECTED_WITHIN_MS && atMs + milliseconds >= cutAtMs;
  });
  const late = unexplained(failures, routes.events).filter((failure) => !excused.includes(failure));
  expect(late).toEqual([]);
});
