/**
 * The demonstration, asserted: the address in the create response, the route in the router's kernel, pods reached through it.
 */
import type { Service } from '../../lib/api/service/service.ts';
import { type Examples, readExamples, request, waitForRoute, waitForSessions } from '../lab/demo.ts';
import { CLIENT_ADDRESS } from '../lab/layout.ts';
import { eventually } from '../lab/poll.ts';
import { addressesOf, publishedOf, Scene } from './support/scene.ts';

const REPLICAS = 3;
const NODES = 3;

let scene: Scene;
let examples: Examples;

beforeAll(async () => {
  scene = await Scene.open('mainjob', { v4: '198.51.102.0/24', v6: '2001:db8:102::/64' });
  examples = await readExamples(scene.lab);
  await scene.lab.apply(...examples.configuration);
  await scene.deployBackends(examples, REPLICAS);
  await waitForSessions(scene.lab);
});

afterAll(() => scene?.close());

/** Waits until the Service's condition says this. @returns its message. */
function announced(name: string, said: string): Promise<string> {
  return eventually(
    async () => {
      const { status } = await scene.service(name);
      const condition = status?.conditions?.find(({ type }) => type === 'skycap.io/Announced');
      return `${condition?.status} ${condition?.reason}` === said && (condition?.message ?? false);
    },
    { what: `the condition "${said}" of Service ${name}`, deadlineMs: 15_000 },
  );
}

describe('a Service with OpenELB’s annotation', () => {
  let created: Awaited<ReturnType<Scene['createService']>>;
  let address: string;

  test('has its address in the response of the create call, with a warning a person can read', async () => {
    created = await scene.createService('web', { annotations: { 'eip.openelb.kubesphere.io/v1alpha2': scene.eip.v4 } });
    expect(addressesOf(created.body)).toEqual(['198.51.102.0']);
    expect(created.warnings).toContain(`assigned 198.51.102.0 from Eip ${scene.eip.v4} (255 left)`);
    address = '198.51.102.0';
  });

  test('has it in its status at once, as a VIP, and a condition that says so', async () => {
    await scene.published('web');
    const service = await scene.service('web');
    expect(service.status?.loadBalancer?.ingress).toEqual([{ ip: address, ipMode: 'VIP' }]);
    const condition = service.status?.conditions?.find(({ type }) => type === 'skycap.io/AddressAssigned');
    expect(condition).toMatchObject({ status: 'True', reason: 'Assigned' });
    const since =
      Date.parse(condition?.lastTransitionTime ?? '') - Date.parse(service.metadata.creationTimestamp ?? '');
    expect(since).toBeLessThanOrEqual(1000);
  });

  test('is in the router’s kernel with every node as next hop', async () => {
    const route = await waitForRoute(scene.lab, address, NODES);
    expect(route?.nextHops).toEqual(['10.98.0.11', '10.98.0.12', '10.98.0.13']);
  });

  test('says in a condition who announces it', async () => {
    const message = await announced('web', 'True Announced');
    expect(message).toBe(`198.51.102.0 by bgp, see Eip ${scene.eip.v4}`);
    const eip = () => scene.lab.kubectl(['get', 'eip', scene.eip.v4, '-o', 'jsonpath={.status.conditions}']);
    await eventually(async () => /by bgp from 3 nodes \(n1, n2, n3\) to [12] BgpPeers? \(router/.test(await eip()), {
      what: 'the nodes and BgpPeers in the condition of the Eip',
      deadlineMs: 20_000,
    });
  });

  test('is reached by the client, by way of all nodes, and all pods answer', async () => {
    const pods = await eventually(
      async () => {
        const spread = await request(scene.lab, address, 40);
        return spread.failures.length === 0 && spread.perNode.size === REPLICAS && spread.perNode;
      },
      { what: 'answers of all backends', deadlineMs: 20_000 },
    );
    expect([...pods.keys()]).toEqual(['n1', 'n2', 'n3']);
  });

  test('leaves route and address free when it is deleted', async () => {
    await scene.deleteService('web');
    await waitForRoute(scene.lab, address, 0);
    await eventually(async () => (await scene.claims()).length === 0, { what: 'no claims', deadlineMs: 10_000 });
    const again = await scene.createService('web', { dryRun: true });
    expect(addressesOf(again.body)).toEqual([address]);
  });
});

describe('externalTrafficPolicy Local', () => {
  test('with one pod has one next hop, the pod’s node, and the pod sees the client’s own address', async () => {
    await scene.deployBackends(examples, 1, 'single');
    const created = await scene.createService('local', {
      spec: { externalTrafficPolicy: 'Local', selector: { app: 'single' } },
    });
    const [address = ''] = addressesOf(created.body);
    const route = await waitForRoute(scene.lab, address, 1);
    const spread = await eventually(
      async () => {
        const seen = await request(scene.lab, address, 10);
        return seen.failures.length === 0 && seen;
      },
      { what: 'ten answers', deadlineMs: 20_000 },
    );
    const [node = ''] = [...spread.perNode.keys()];
    expect(route?.nextHops).toEqual([`10.98.0.1${node.slice(1)}`]);
    expect([...spread.clientAddresses]).toEqual([CLIENT_ADDRESS.v4]);
  });

  test('announces nothing without an endpoint', async () => {
    await scene.lab.kubectl(['-n', scene.namespace, 'scale', 'deployment/single', '--replicas=0']);
    const [address = ''] = publishedOf(await scene.service('local'));
    await waitForRoute(scene.lab, address, 0);
    expect(publishedOf(await scene.service('local'))).toEqual([address]);
  });
});

describe('IPv6 and dual stack', () => {
  test('a dual-stack Service has an address and a route a family, and both answer', async () => {
    const created = await scene.createService('dual', { spec: { ipFamilyPolicy: 'RequireDualStack' } });
    const [v4 = '', v6 = ''] = addressesOf(created.body);
    expect([v4, v6]).toEqual([expect.stringMatching(/^198\.51\.102\./), expect.stringMatching(/^2001:db8:102::/)]);
    expect(await scene.published('dual', 2)).toEqual([v4, v6]);
    for (const address of [v4, v6]) {
      await waitForRoute(scene.lab, address, NODES);
      await eventually(async () => (await request(scene.lab, address, 5)).failures.length === 0, {
        what: `answers from ${address}`,
        deadlineMs: 20_000,
      });
    }
  });
});

describe('nodes', () => {
  const EXCLUDE = 'node.kubernetes.io/exclude-from-external-load-balancers';

  afterEach(() => scene.lab.kubectl(['label', 'node', 'n2', `${EXCLUDE}-`]));

  test('a node with the exclusion label is no next hop, whatever its value', async () => {
    const [address = ''] = addressesOf((await scene.createService('nodes')).body);
    await waitForRoute(scene.lab, address, NODES);
    await scene.lab.kubectl(['label', 'node', 'n2', `${EXCLUDE}=`]);
    const route = await waitForRoute(scene.lab, address, NODES - 1);
    expect(route?.nextHops).not.toContain('10.98.0.12');
    await scene.lab.kubectl(['label', '--overwrite', 'node', 'n2', `${EXCLUDE}=false`]);
    await waitForRoute(scene.lab, address, NODES);
  });
});

describe('an Eip with a node selector', () => {
  const EDGE = 'lab.test/edge';
  const select = (nodeSelector: object | null) =>
    scene.lab.kubectl(['patch', 'eip', scene.eip.v4, '--type=merge', '-p', JSON.stringify({ spec: { nodeSelector } })]);

  afterAll(async () => {
    await select(null);
    await scene.lab.kubectl(['label', 'nodes', '--all', `${EDGE}-`]);
  });

  test('is announced by the nodes that have the label, when they have it', async () => {
    const [address = ''] = addressesOf((await scene.createService('edge')).body);
    await waitForRoute(scene.lab, address, NODES);
    await scene.lab.kubectl(['label', 'node', 'n2', `${EDGE}=`]);
    await select({ matchExpressions: [{ key: EDGE, operator: 'Exists' }] });
    expect((await waitForRoute(scene.lab, address, 1))?.nextHops).toEqual(['10.98.0.12']);
    await scene.lab.kubectl(['label', 'node', 'n3', `${EDGE}=`]);
    expect((await waitForRoute(scene.lab, address, 2))?.nextHops).toEqual(['10.98.0.12', '10.98.0.13']);
    await scene.lab.kubectl(['label', 'nodes', '--all', `${EDGE}-`]);
    await waitForRoute(scene.lab, address, 0);
    await announced('edge', 'False NodeNotSelected');
    await select(null);
    await waitForRoute(scene.lab, address, NODES);
    await announced('edge', 'True Announced');
  });
});

describe('what people look at', () => {
  test('kubectl get shows pools, peers, Services and the fleet', async () => {
    await eventually(
      async () => {
        const text = await scene.lab.kubectl(['get', 'speakers', '--no-headers']);
        return (
          text.trim().split('\n').length === NODES &&
          text.split('\n').every((line) => line === '' || /\s(\d+)\/\1\s/.test(line))
        );
      },
      { what: 'three speakers with every session established', deadlineMs: 30_000 },
    );
    const peer = JSON.parse(await scene.lab.kubectl(['get', 'bgppeer', 'router', '-o', 'json']));
    expect(Object.keys(peer.status.nodesPeerStatus).sort()).toEqual(['n1', 'n2', 'n3']);
    expect(peer.status.nodesPeerStatus.n1.peerState).toMatchObject({ sessionState: 'ESTABLISHED', peerAs: 65000 });
    const eip = JSON.parse(await scene.lab.kubectl(['get', 'eip', scene.eip.v4, '-o', 'json']));
    const used = (await scene.services()).flatMap((service: Service) => addressesOf(service as never));
    expect(Object.keys(eip.status.used).sort()).toEqual(used.filter((text) => text.startsWith('198.51.102.')).sort());
    expect(eip.status).toMatchObject({
      poolSize: 256,
      firstIP: '198.51.102.0',
      lastIP: '198.51.102.255',
      v4: true,
      ready: true,
    });
  });
});
