/**
 * Everything that happened to Services and EipClaims, change by change. Revisions of the two kinds come from one counter, so that the whole can be told in the
 * order in which it happened, and judged at every instant (`history-rules.ts`): what another look at the cluster would miss is seen here.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type KubeObject, keyOf } from '../../lib/api/meta/object.ts';
import type { Service } from '../../lib/api/service/service.ts';
import type { EipClaim } from '../../lib/api/skycap/claim.ts';
import { type Api, ApiError } from '../lab/api.ts';
import { eventually } from './eventually.ts';
import { eventsNamedIn } from './history-events.ts';
import { type Happened, type State, violationsIn } from './history-rules.ts';

interface KubeList<T> {
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly T[];
}

const PATHS = { service: '/api/v1/services', claim: '/apis/skycap.io/v1alpha1/eipclaims' } as const;
const PAUSE_MS = 50;

export class History implements AsyncDisposable {
  readonly #api: Api;
  readonly #stop = new AbortController();
  readonly #start: State;
  readonly #events: Happened[] = [];
  /** Of each kind, the objects that there are, by key. */
  readonly #objects = { service: new Map<string, Happened['object']>(), claim: new Map<string, Happened['object']>() };
  readonly #watching: Promise<void>[] = [];
  #broken: Error | undefined;
  readonly #definitionsChange: boolean;

  private constructor(api: Api, services: KubeList<Service>, claims: KubeList<EipClaim>, definitionsChange: boolean) {
    this.#api = api;
    this.#definitionsChange = definitionsChange;
    this.#start = { services: services.items, claims: claims.items };
    for (const [kind, list] of [['service', services] as const, ['claim', claims] as const]) {
      for (const object of list.items) this.#note(kind, object, false);
      this.#watching.push(this.#watch(kind, list.metadata.resourceVersion));
    }
  }

  /**
   * A moment after its CRD is there, the API server may still be making room for the claims.
   *
   * @param definitionsChange the API server forgets the history of a kind whose CRD changes: a list then stands for the changes that it does not tell.
   */
  static async start(api: Api, { definitionsChange = false } = {}): Promise<History> {
    return eventually(async () => {
      const services = await api.get<KubeList<Service>>(PATHS.service);
      return new History(api, services, await api.get<KubeList<EipClaim>>(PATHS.claim), definitionsChange);
    });
  }

  get length(): number {
    return this.#events.length;
  }

  /**
   * Waits until all that happened so far is in.
   * @returns what was wrong, if only for an instant; each a sentence with its revision.
   */
  async violations(): Promise<readonly string[]> {
    await eventually(
      async () => {
        if (this.#broken) throw this.#broken;
        const [services, claims] = await Promise.all([
          this.#api.get<KubeList<Service>>(PATHS.service),
          this.#api.get<KubeList<EipClaim>>(PATHS.claim),
        ]);
        const now = [...services.items.map(idOf('service')), ...claims.items.map(idOf('claim'))];
        const { service, claim } = this.#objects;
        const known = [...[...service.values()].map(idOf('service')), ...[...claim.values()].map(idOf('claim'))];
        if (now.sort().join() !== known.sort().join()) throw new Error('Cannot tell the history: it is behind');
      },
      { withinMs: 20_000, everyMs: 100 },
    );
    const found = violationsIn(this.#start, this.#events);
    if (found.length > 0) console.error(eventsNamedIn(found.join(), this.#events).join('\n'));
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#watching);
  }

  /** Takes up again where it was when the watch breaks. */
  async #watch(kind: Happened['kind'], from: string): Promise<void> {
    let version = from;
    while (!this.#stop.signal.aborted && !this.#broken) {
      try {
        const events = this.#api.watch<Service & EipClaim>(PATHS[kind], version, this.#stop.signal);
        for await (const { type, object } of events) {
          if (type === 'ERROR') throw new ApiError(`watch ${kind}`, 410, 'the history is gone');
          version = object.metadata.resourceVersion!;
          if (type === 'BOOKMARK') continue;
          this.#happened(kind, object, type === 'DELETED', version);
        }
      } catch (error) {
        if (error instanceof ApiError && error.status === 410) {
          if (this.#definitionsChange) version = await this.#listAgain(kind, version);
          else this.#broken = error;
        }
        await sleep(PAUSE_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      }
    }
  }

  /** @returns the version of the list, or the former version if the API server gives none just now. */
  async #listAgain(kind: Happened['kind'], former: string): Promise<string> {
    const list = await this.#api.get<KubeList<Service & EipClaim>>(PATHS[kind]).catch(() => undefined);
    if (!list) return former;
    const { resourceVersion } = list.metadata;
    const known = this.#objects[kind];
    const listed = new Map(list.items.map((object) => [keyOf(object), object]));
    for (const [key, object] of known) {
      if (!listed.has(key)) this.#happened(kind, object, true, resourceVersion);
    }
    for (const object of listed.values()) {
      const version = object.metadata.resourceVersion!;
      if (known.get(keyOf(object))?.metadata.resourceVersion !== version) this.#happened(kind, object, false, version);
    }
    return resourceVersion;
  }

  #happened(kind: Happened['kind'], object: Happened['object'], deleted: boolean, version: string): void {
    this.#note(kind, object, deleted);
    this.#events.push({ kind, object, deleted, revision: BigInt(version) });
  }

  #note(kind: Happened['kind'], object: Happened['object'], deleted: boolean): void {
    if (deleted) this.#objects[kind].delete(keyOf(object));
    else this.#objects[kind].set(keyOf(object), object);
  }
}

function idOf(kind: Happened['kind']): (object: KubeObject) => string {
  return (object) => `${kind} ${keyOf(object)} ${object.metadata.resourceVersion}`;
}
