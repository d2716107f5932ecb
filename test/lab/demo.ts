/**
 * The demonstration, in steps: pools and peer, a Service whose create call answers with its address, the route on the router, and a client that reaches the pods. `npm
 * run lab` prints the results of the steps, and the e2e tests check them.
 */
import { parseAllDocuments } from 'yaml';
import { type KubeObject, keyOf } from '../../lib/api/meta/object.ts';
import type { Service } from '../../lib/api/service/service.ts';
import type { SpeakerObject } from '../../lib/api/skycap/speaker-types.ts';
import type { ClientAnswer } from './client.ts';
import { EXAMPLES_OVERLAY } from './install.ts';
import type { Lab } from './lab.ts';
import { eventually } from './poll.ts';
import type { Route } from './routes.ts';

const CONFIGURATION_KINDS = ['Eip', 'BgpConf', 'BgpPeer'];
const ADDRESSES_ANNOTATION = 'skycap.io/addresses';
const ROLLOUT_DEADLINE = '60s';
const SESSION_DEADLINE_MS = 30_000;
const STATUS_DEADLINE_MS = 10_000;
const ROUTE_DEADLINE_MS = 15_000;

export interface Examples {
  /** Eip, BgpConf and BgpPeer. */
  readonly configuration: readonly KubeObject[];
  readonly services: readonly Service[];
  readonly workloads: readonly KubeObject[];
}

export interface CreatedService {
  /** The Service in the answer of the create call. */
  readonly service: Service;
  readonly addresses: readonly string[];
  readonly warnings: readonly string[];
  readonly milliseconds: number;
}

export interface Spread {
  /** Node → how many requests its pod answered. */
  readonly perNode: ReadonlyMap<string, number>;
  readonly failures: readonly string[];
  /** The addresses that the pods saw as the client's. */
  readonly clientAddresses: ReadonlySet<string>;
}

/** The objects of `examples/`, with the lab's image in them. */
export async function readExamples(lab: Lab): Promise<Examples> {
  const text = await lab.kubectl(['kustomize', EXAMPLES_OVERLAY]);
  const objects = parseAllDocuments(text).map((document) => document.toJS() as KubeObject);
  return {
    configuration: objects.filter((object) => CONFIGURATION_KINDS.includes(object.kind ?? '')),
    services: objects.filter((object) => object.kind === 'Service') as Service[],
    workloads: objects.filter(
      (object) => object.kind !== 'Service' && !CONFIGURATION_KINDS.includes(object.kind ?? ''),
    ),
  };
}

export function exampleService(examples: Examples, name: string): Service {
  const service = examples.services.find((candidate) => candidate.metadata.name === name);
  if (!service) throw new Error(`Cannot find the Service "${name}" in examples/`);
  return service;
}

/** Applies pools, BGP configuration and the backends, and waits until the backends are ready. */
export async function applyExamples(lab: Lab, examples: Examples): Promise<void> {
  await lab.apply(...examples.configuration, ...examples.workloads);
  for (const { kind, metadata } of examples.workloads) {
    if (kind !== 'Deployment') continue;
    await lab.kubectl(['rollout', 'status', `deployment/${metadata.name}`, `--timeout=${ROLLOUT_DEADLINE}`]);
  }
}

/** Waits until the router has a session with every node. */
export async function waitForSessions(lab: Lab, count = lab.nodes.length): Promise<void> {
  await eventually(
    async () => {
      const neighbors = await lab.router.bgpNeighbors();
      const established = neighbors.filter(({ state }) => state === 'Established').length;
      if (established < count) throw new Error(`${established} established`);
      return true;
    },
    { what: `${count} BGP sessions on the router`, deadlineMs: SESSION_DEADLINE_MS, intervalMs: 100 },
  );
}

/** Creates the Service by one plain API call, as any client would, and keeps the answer. */
export async function createService(lab: Lab, service: Service): Promise<CreatedService> {
  const namespace = service.metadata.namespace ?? 'default';
  const started = performance.now();
  const answer = await lab.api.create<Service>(`/api/v1/namespaces/${namespace}/services`, service);
  return {
    service: answer.body,
    addresses: answer.body.metadata.annotations?.[ADDRESSES_ANNOTATION]?.split(',') ?? [],
    warnings: answer.warnings,
    milliseconds: performance.now() - started,
  };
}

/** Waits until the Service's status shows these addresses, @returns how long that took. */
export async function waitForStatus(lab: Lab, service: Service, addresses: readonly string[]): Promise<number> {
  const started = performance.now();
  const { namespace = 'default', name } = service.metadata;
  await eventually(
    async () => {
      const now = await lab.api.get<Service>(`/api/v1/namespaces/${namespace}/services/${name}`);
      const shown = (now.status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip).join();
      if (shown !== addresses.join()) throw new Error(`it has ${shown || 'none'}`);
      return true;
    },
    {
      what: `the addresses ${addresses.join()} in the status of ${keyOf(service)}`,
      deadlineMs: STATUS_DEADLINE_MS,
      intervalMs: 20,
    },
  );
  return performance.now() - started;
}

/** Waits until the router forwards to the address by this many next hops. */
export async function waitForRoute(lab: Lab, address: string, nextHops: number): Promise<Route | undefined> {
  return lab.router.waitForNextHops(address, nextHops, ROUTE_DEADLINE_MS);
}

/** Waits until every Service has its addresses, and each node reports those that all announce: a second or so after the routes. */
export async function waitForReports(lab: Lab): Promise<void> {
  await eventually(
    async () => {
      const { items } = await lab.api.get<{ readonly items: readonly Service[] }>('/api/v1/services');
      const balanced = items.filter(({ spec }) => spec?.type === 'LoadBalancer');
      const pending = balanced.filter(({ status }) => !status?.loadBalancer?.ingress);
      const ofAll = balanced
        .filter(({ spec }) => spec?.externalTrafficPolicy !== 'Local')
        .flatMap(({ status }) => status?.loadBalancer?.ingress ?? []).length;
      const speakers = await lab.api.get<{ readonly items: readonly SpeakerObject[] }>(
        '/apis/skycap.io/v1alpha1/speakers',
      );
      const behind = speakers.items.filter(({ status }) => (status?.announcedAddresses ?? 0) < ofAll);
      const late = [...pending, ...behind].map(keyOf);
      if (late.length > 0) throw new Error(`not ${late.join(', ')}`);
      return true;
    },
    { what: 'the status of all Services and nodes', deadlineMs: STATUS_DEADLINE_MS, intervalMs: 100 },
  );
}

/** Requests from the client behind the router, each on a connection of its own. */
export async function request(lab: Lab, address: string, count: number): Promise<Spread> {
  const host = address.includes(':') ? `[${address}]` : address;
  return spreadOf(await lab.client.getMany(`http://${host}/`, { count }));
}

/** Reads the backends' answers: `<pod> on <node>, asked by <address>`. */
export function spreadOf(answers: readonly ClientAnswer[]): Spread {
  const perNode = new Map<string, number>();
  const clientAddresses = new Set<string>();
  const failures: string[] = [];
  for (const answer of answers) {
    const [, node, client] = (answer.ok && / on (\S+), asked by (\S+)/.exec(answer.body)) || [];
    if (node && client) {
      perNode.set(node, (perNode.get(node) ?? 0) + 1);
      clientAddresses.add(client);
    } else {
      failures.push(answer.ok ? `${answer.status} ${answer.body}` : answer.error);
    }
  }
  return { perNode: new Map([...perNode].sort(([a], [b]) => a.localeCompare(b))), failures, clientAddresses };
}
