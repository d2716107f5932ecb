/**
 * Stands by while a test breaks something, and tells afterwards what of a set of Services was lost meanwhile, if only for a moment:
 *
 * - a client behind the router connects to each of their addresses every 100 ms, and has connections open where the test wants it,
 * - the router's kernel tells each change of their routes,
 * - the API server tells each change of their status,
 * - the router's BGP sessions are compared before and after.
 *
 *     await using witness = await Witness.start(scene, ['web']);
 *     …
 *     expect(await witness.end()).toEqual(NOTHING_LOST);
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ClientStream } from '../../lab/client-stream.ts';
import { RouteWatch } from '../../lab/route-watch.ts';
import type { BgpNeighbor } from '../../lab/router.ts';
import { type Route, samePrefix } from '../../lab/routes.ts';
import { StandingConnections } from '../../lab/standing-connections.ts';
import { urlOf } from './layer2.ts';
import { publishedOf, type Scene } from './scene.ts';
import { StatusWatch } from './status-watch.ts';

/** Each loss as a sentence, with the second since the witness's start. */
export interface Testimony {
  /** Requests that had no answer. */
  readonly client: readonly string[];
  /** Connections that were open from the start, and broke. */
  readonly connections: readonly string[];
  /** Routes that went, or went by fewer next hops or by others. */
  readonly routes: readonly string[];
  /** Statuses with other addresses than at the start, or with none. */
  readonly statuses: readonly string[];
  /** BGP sessions that ended, if only to come up again. */
  readonly sessions: readonly string[];
}

export const NOTHING_LOST: Testimony = { client: [], connections: [], routes: [], statuses: [], sessions: [] };

export interface WitnessOptions {
  /** Between two connections to the same address. @default 100 */
  readonly everyMs?: number;
  /** Connections to each address that are open from the start to the end. @default 0 */
  readonly standing?: number;
}

/** Service → its addresses, as published at the start. */
type Published = ReadonlyMap<string, readonly string[]>;

interface Start {
  readonly published: Published;
  readonly routes: readonly Route[];
  readonly sessions: readonly BgpNeighbor[];
  readonly standing: readonly StandingConnections[];
  readonly everyMs: number | undefined;
}

const MOST_TOLD = 20;
/** Bytes go every 20 ms; a busy machine may hold them up, and TCP sends a lost packet again within this. */
const MOST_SILENCE_MS = 5_000;
/** What the moments of two readings of a session's age may differ by. */
const AGE_SLACK_MS = 2_000;

export class Witness implements AsyncDisposable {
  readonly #scene: Scene;
  readonly #published: Published;
  readonly #routes: readonly Route[];
  readonly #sessions: readonly BgpNeighbor[];
  readonly #startedAtMs = performance.now();
  readonly #routeWatch: RouteWatch;
  readonly #statusWatch: StatusWatch;
  readonly #client: ClientStream;
  readonly #standing: readonly StandingConnections[];

  private constructor(scene: Scene, { published, routes, sessions, standing, everyMs }: Start) {
    this.#scene = scene;
    this.#published = published;
    this.#routes = routes;
    this.#sessions = sessions;
    this.#routeWatch = new RouteWatch(scene.lab);
    this.#statusWatch = new StatusWatch(scene.lab.api, scene.namespace);
    const addresses = [...published.values()].flat();
    this.#client = new ClientStream(scene.lab.client, { urls: addresses.map(urlOf), ...(everyMs && { everyMs }) });
    this.#standing = standing;
  }

  /** @param names Services of the scene that are published, routed and answer on port 80. */
  static async start(scene: Scene, names: readonly string[], options: WitnessOptions = {}): Promise<Witness> {
    const published = new Map<string, readonly string[]>();
    for (const name of names) published.set(name, publishedOf(await scene.service(name)));
    const addresses = [...published.values()].flat();
    const routes = (await scene.lab.router.routes()).filter(({ prefix }) =>
      addresses.some((a) => samePrefix(a, prefix)),
    );
    if (routes.length === 0 || routes.length !== addresses.length) {
      throw new Error(`Cannot watch ${addresses.join() || 'nothing'}: the router has ${routes.length} routes to them`);
    }
    const { everyMs, standing: count = 0 } = options;
    const standing = await Promise.all(
      count === 0 ? [] : addresses.map((host) => StandingConnections.open(scene.lab.client, { host, count })),
    );
    const sessions = await scene.lab.router.bgpNeighbors();
    return new Witness(scene, { published, routes, sessions, standing, everyMs });
  }

  /** Since the start. */
  get elapsedMs(): number {
    return performance.now() - this.#startedAtMs;
  }

  /** Stops watching. @returns what was lost; {@link NOTHING_LOST} where nothing was. */
  async end(): Promise<Testimony> {
    const elapsedMs = this.elapsedMs;
    const { answered, failures } = await this.#client.end();
    const connections = await this.#brokenConnections();
    const sessions = this.#lostSessions(await this.#scene.lab.router.bgpNeighbors(), elapsedMs);
    const routes = [...this.#lostRoutes(), ...this.#missingRoutes(await this.#scene.lab.router.routes())];
    await this[Symbol.asyncDispose]();
    const client = failures.map(({ url, atMs, error }) => {
      return this.#sentence(atMs - performance.timeOrigin, `${url}: ${error}`);
    });
    if (answered === 0) client.push('no request was answered');
    return {
      client: told(client),
      connections: told(connections),
      routes: told(routes),
      statuses: told(this.#lostStatuses()),
      sessions,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of [this.#client, ...this.#standing]) await client[Symbol.asyncDispose]();
    await this.#statusWatch[Symbol.asyncDispose]();
    await this.#routeWatch[Symbol.asyncDispose]();
  }

  async #brokenConnections(): Promise<string[]> {
    const sums = await Promise.all(this.#standing.map((connections) => connections.end()));
    return sums.flatMap(({ broken, longestSilenceMs }) => [
      ...broken.map(({ atMs, error }) => this.#sentence(atMs - performance.timeOrigin, `a connection: ${error}`)),
      ...(longestSilenceMs > MOST_SILENCE_MS ? [`a connection was silent for ${Math.round(longestSilenceMs)} ms`] : []),
    ]);
  }

  #lostRoutes(): string[] {
    return this.#routeWatch.events.flatMap(({ prefix, nextHops, deleted, atMs }) => {
      const former = this.#routes.find((route) => samePrefix(route.prefix, prefix));
      if (!former || (!deleted && sameSet(former.nextHops, nextHops))) return [];
      return this.#sentence(atMs, `${prefix} ${deleted ? 'deleted' : `via ${nextHops.join(', ')}`}`);
    });
  }

  #missingRoutes(now: readonly Route[]): string[] {
    return this.#routes.flatMap(({ prefix, nextHops }) => {
      const hops = now.find((route) => samePrefix(route.prefix, prefix))?.nextHops ?? [];
      return sameSet(hops, nextHops) ? [] : `${prefix} in the end via ${hops.join(', ') || 'nothing'}`;
    });
  }

  #lostStatuses(): string[] {
    return this.#statusWatch.seen.flatMap(({ name, addresses, deleted, atMs }) => {
      const former = this.#published.get(name);
      if (!former || (!deleted && sameSet(former, addresses))) return [];
      return this.#sentence(atMs, `Service ${name} ${deleted ? 'deleted' : `with ${addresses.join() || 'none'}`}`);
    });
  }

  #lostSessions(now: readonly BgpNeighbor[], elapsedMs: number): string[] {
    return this.#sessions.flatMap(({ address, state, sinceMs }) => {
      if (state !== 'Established') return [];
      const found = now.find((neighbor) => neighbor.address === address);
      if (found?.state === 'Established' && found.sinceMs > sinceMs + elapsedMs - AGE_SLACK_MS) return [];
      const age = found ? ` for ${(found.sinceMs / 1000).toFixed(1)} s` : '';
      return `the session with ${address} is ${found?.state ?? 'gone'}${age}`;
    });
  }

  #sentence(atMs: number, what: string): string {
    return `${((atMs - this.#startedAtMs) / 1000).toFixed(2)} s: ${what}`;
  }
}

/** Pauses a test for as long as a fault is to last. Not for waiting until something holds. */
export function lasting(seconds: number): Promise<void> {
  return sleep(seconds * 1000);
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one) => b.includes(one));
}

function told(sentences: readonly string[]): readonly string[] {
  const rest = sentences.length - MOST_TOLD;
  return rest > 0 ? [...sentences.slice(0, MOST_TOLD), `and ${rest} more`] : sentences;
}
