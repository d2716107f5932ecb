/**
 * The pods of a `Local` Service are replaced five times, each ready after a while and each with a pause before its end. A client that connects every 20 ms notices
 * nothing, and the router's kernel has only next hops whose pods take connections: ready, or serving while they terminate.
 */
import { localNodes, placesOf } from '../../lib/announce/endpoints.ts';
import type { EndpointSlice } from '../../lib/api/service/service.ts';
import { ClientStream } from '../lab/client-stream.ts';
import { readExamples, waitForRoute, waitForSessions } from '../lab/demo.ts';
import type { Lab } from '../lab/lab.ts';
import { eventually } from '../lab/poll.ts';
import { RouteWatch } from '../lab/route-watch.ts';
import { samePrefix } from '../lab/routes.ts';
import { unexplained } from './support/in-flight.ts';
import { addressesOf, Scene } from './support/scene.ts';

const ROLLS = 5;
/** Fewer than nodes, so that each replacement may move the route. */
const REPLICAS = 2;
const BACKEND = 'rolling';

let scene: Scene;
let lab: Lab;
let address: string;

beforeAll(async () => {
  scene = await Scene.open('rollover', { v4: '198.51.109.0/24' });
  lab = scene.lab;
  const examples = await readExamples(lab);
  await lab.apply(...examples.configuration);
  await waitForSessions(lab);
  await scene.deployBackends(examples, REPLICAS, BACKEND);
  await patchDeployment({
    strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    template: {
      spec: {
        containers: [
          {
            name: 'web',
            readinessProbe: { initialDelaySeconds: 1, periodSeconds: 1 },
            lifecycle: { preStop: { sleep: { seconds: 2 } } },
          },
        ],
      },
    },
  });
  await rolledOut();
  const spec = { externalTrafficPolicy: 'Local', selector: { app: BACKEND } } as const;
  [address = ''] = addressesOf((await scene.createService('local', { spec })).body);
  await waitForRoute(lab, address, (await nodesThatServe()).length);
});

afterAll(() => scene?.close());

async function patchDeployment(spec: object): Promise<void> {
  const patch = JSON.stringify({ spec });
  await lab.kubectl(['-n', scene.namespace, 'patch', `deployment/${BACKEND}`, '-p', patch]);
}

async function rolledOut(): Promise<void> {
  await lab.kubectl(['-n', scene.namespace, 'rollout', 'status', `deployment/${BACKEND}`, '--timeout=60s']);
}

/** The next hops that Kubernetes' rules allow now (KEP-1669). */
async function nodesThatServe(): Promise<string[]> {
  const path = `/apis/discovery.k8s.io/v1/namespaces/${scene.namespace}/endpointslices`;
  const { items } = await lab.api.get<{ items: EndpointSlice[] }>(
    `${path}?labelSelector=kubernetes.io/service-name=local`,
  );
  return [...localNodes(placesOf(items, 4))].map((node) => `10.98.0.1${node.slice(1)}`).sort();
}

/** Notes at each moment which next hops are allowed. */
class Allowed implements AsyncDisposable {
  readonly seen: { readonly atMs: number; readonly hops: readonly string[] }[] = [];
  #isOver = false;
  readonly #running = this.#run();

  /** Allowed at any time from a second before: the speakers need a moment to follow. */
  at(atMs: number): Set<string> {
    const after = this.seen.findIndex((one) => one.atMs > atMs - 1_000);
    const until = this.seen.findLastIndex((one) => one.atMs <= atMs);
    return new Set(this.seen.slice(Math.max(0, after - 1), until + 2).flatMap(({ hops }) => hops));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      this.seen.push({ atMs: performance.now(), hops: await nodesThatServe() });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

test(`no connection fails while the pods are replaced ${ROLLS} times`, async () => {
  await using routes = new RouteWatch(lab);
  await using allowed = new Allowed();
  await using stream = new ClientStream(lab.client, { urls: [`http://${address}/`], everyMs: 20 });
  for (let roll = 1; roll <= ROLLS; roll++) {
    await patchDeployment({ template: { metadata: { annotations: { 'lab.test/roll': `${roll}` } } } });
    await rolledOut();
    await eventually(
      async () => {
        const [hops = [], serve] = [(await lab.router.route(address))?.nextHops, await nodesThatServe()];
        return [...hops].sort().join() === serve.join() || Promise.reject(new Error(`via ${hops}, and ${serve} serve`));
      },
      { what: 'the route by way of the new pods', deadlineMs: 20_000 },
    );
  }
  const { answered, failures } = await stream.end();
  expect(unexplained(failures, routes.events)).toEqual([]);
  expect(answered).toBeGreaterThan(100);
  const events = routes.events.filter(({ prefix }) => samePrefix(prefix, address));
  expect(events.length).toBeGreaterThanOrEqual(ROLLS);
  expect(events.filter(({ deleted }) => deleted)).toEqual([]);
  const wrong = events.filter(({ atMs, nextHops }) => nextHops.some((hop) => !allowed.at(atMs).has(hop)));
  expect(wrong).toEqual([]);
}, 240_000);
