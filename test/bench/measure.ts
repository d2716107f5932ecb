/**
 * What the benchmark measures. Every figure of Skycap's stands beside one of the bare API server's from the same run, taken in turn with it, so that
 * a machine that is slow or noisy today shows in both.
 */
import type { Service } from '../../lib/api/service.ts';
import type { Lab } from '../lab/lab.ts';
import type { RouteWatch } from '../lab/route-watch.ts';

const SERVICES = '/api/v1/namespaces/bench/services';
const DEADLINE_MS = 30_000;

export interface CreationTimes {
  /** A Service of another class, which the API server does not ask Skycap about. */
  readonly bareMs: readonly number[];
  readonly withWebhookMs: readonly number[];
}

/** Creates Services of both kinds in turn, each after the other's answer. */
export async function measureCreations(lab: Lab, count: number): Promise<CreationTimes> {
  const bareMs: number[] = [];
  const withWebhookMs: number[] = [];
  for (let i = 0; i < count; i++) {
    bareMs.push((await timed(() => create(lab, `bare-${i}`, false))).ms);
    withWebhookMs.push((await timed(() => create(lab, `ours-${i}`, true))).ms);
  }
  await deleteAll(lab);
  return { bareMs, withWebhookMs };
}

export interface RouteTimes {
  readonly bareMs: readonly number[];
  readonly untilRouteMs: readonly number[];
}

/** From sending the create call to the route in the router's kernel, one Service at a time. */
export async function measureRoutes(lab: Lab, watch: RouteWatch, count: number): Promise<RouteTimes> {
  const bareMs: number[] = [];
  const untilRouteMs: number[] = [];
  for (let i = 0; i < count; i++) {
    bareMs.push((await timed(() => create(lab, `bare-${i}`, false))).ms);
    const started = performance.now();
    const service = await create(lab, `route-${i}`, true);
    const address = service.metadata.annotations?.['skycap.io/addresses'];
    if (!address) throw new Error(`Cannot measure: Service ${service.metadata.name} was created without an address`);
    untilRouteMs.push((await watch.appeared(address, DEADLINE_MS)) - started);
  }
  await deleteAll(lab);
  return { bareMs, untilRouteMs };
}

async function create(lab: Lab, name: string, ours: boolean): Promise<Service> {
  const answer = await lab.api.create<Service>(SERVICES, {
    metadata: { name, ...(ours && { annotations: { 'lb.kubesphere.io/v1alpha1': 'openelb' } }) },
    spec: {
      type: 'LoadBalancer',
      ...(!ours && { loadBalancerClass: 'example.com/bare' }),
      selector: { app: 'none' },
      ports: [{ port: 80 }],
    },
  });
  return answer.body;
}

async function deleteAll(lab: Lab): Promise<void> {
  const { items } = await lab.api.get<{ items: Service[] }>(SERVICES);
  for (const { metadata } of items) await lab.api.delete(`${SERVICES}/${metadata.name}`);
}

async function timed<T>(work: () => Promise<T>): Promise<{ readonly ms: number; readonly value: T }> {
  const started = performance.now();
  const value = await work();
  return { ms: performance.now() - started, value };
}
