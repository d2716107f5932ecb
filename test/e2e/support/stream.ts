/**
 * A stream of creations, updates and deletions of Services at a steady pace, and what should have come of it. One change of a Service at a time; all of them
 * are changes that a user is entitled to, so that each that is answered has to succeed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from '../../../lib/api/service/service.ts';
import { ApiError } from '../../lab/api.ts';
import type { Random } from '../../support/random.ts';
import { addressesOf, type Scene } from './scene.ts';

export interface StreamOptions {
  readonly scene: Scene;
  readonly random: Random;
  readonly everyMs: number;
  /** Names in use; about half of them exist at a time. */
  readonly names: number;
}

type Kind = 'LoadBalancer' | 'ClusterIP';

export class Stream {
  readonly #options: StreamOptions;
  readonly #startedAtMs = performance.now();
  readonly #stop = new AbortController();
  /** What exists, as it was last wished for. */
  readonly #kinds = new Map<string, Kind>();
  readonly #busy = new Map<string, Promise<void>>();
  readonly #running: Promise<void>;
  /** What was done, each with its second; what the test {@link note}d in capitals. */
  readonly journal: string[] = [];
  readonly failures: string[] = [];
  /** Services with a request that the API server, out of breath, did not answer: whether it was carried out is not known, and nothing more is done to them. */
  readonly unanswered = new Set<string>();
  /** Load balancers that were created, and those of them whose create call answered without an address. */
  readonly created: string[] = [];
  readonly withoutAddress: string[] = [];

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** Notes something that the test did beside. */
  note(what: string): void {
    this.journal.push(`${((performance.now() - this.#startedAtMs) / 1000).toFixed(2)} s ${what}`);
  }

  /** Of the journal, what concerns the Services that are named in the text, and what the test itself did. */
  journalFor(text: string): readonly string[] {
    const named = new Set(text.match(/\bs\d+\b/g));
    return this.journal.filter((line) => / s [A-Z]/.test(line) || named.has(line.split(' ').at(-1) ?? ''));
  }

  /** Ends it, and waits for the changes under way. @returns the Services that are there, by name. */
  async end(): Promise<ReadonlyMap<string, Kind>> {
    this.#stop.abort();
    await this.#running;
    await Promise.all(this.#busy.values());
    const services = this.unanswered.size > 0 ? await this.#options.scene.services() : [];
    for (const name of this.unanswered) {
      const type = services.find(({ metadata }) => metadata.name === name)?.spec?.type;
      if (type === undefined) this.#kinds.delete(name);
      else this.#kinds.set(name, type as Kind);
    }
    return this.#kinds;
  }

  async #run(): Promise<void> {
    const { everyMs } = this.#options;
    let nextMs = performance.now();
    while (!this.#stop.signal.aborted) {
      this.#start();
      nextMs += everyMs;
      await sleep(Math.max(0, nextMs - performance.now()), undefined, { signal: this.#stop.signal }).catch(() => {});
    }
  }

  #start(): void {
    const { random, names } = this.#options;
    const name = `s${random.below(names)}`;
    if (this.#busy.has(name) || this.unanswered.has(name)) return;
    const kind = this.#kinds.get(name);
    const [what, change] = kind === undefined ? this.#creation(name) : this.#changeOf(name, kind);
    this.note(`${what} ${name}`);
    const changing = change().then(
      () => undefined,
      (error: Error) => {
        if (error instanceof ApiError) this.failures.push(`${what} ${name}: ${error.message}`);
        else this.unanswered.add(name);
      },
    );
    this.#busy.set(
      name,
      changing.finally(() => this.#busy.delete(name)),
    );
  }

  #creation(name: string): [string, () => Promise<unknown>] {
    this.#kinds.set(name, 'LoadBalancer');
    return ['create', () => this.#create(name)];
  }

  async #create(name: string): Promise<void> {
    const { body } = await this.#options.scene.createService(name);
    this.created.push(name);
    if (addressesOf(body).length > 0) return;
    this.withoutAddress.push(name);
    this.note(`NO ADDRESS in the answer to the creation of ${name}`);
  }

  #changeOf(name: string, kind: Kind): [string, () => Promise<unknown>] {
    const { scene, random } = this.#options;
    switch (random.of(['delete', 'delete', 'again', 'retype', 'port', 'put', 'label'] as const)) {
      case 'delete':
        this.#kinds.delete(name);
        return ['delete', () => scene.deleteService(name)];
      case 'again':
        this.#kinds.set(name, 'LoadBalancer');
        return ['delete and create', () => scene.deleteService(name).then(() => this.#create(name))];
      case 'retype':
        this.#kinds.set(name, kind === 'LoadBalancer' ? 'ClusterIP' : 'LoadBalancer');
        return [
          `from ${kind}`,
          () => scene.patchService(name, { spec: { type: kind === 'LoadBalancer' ? 'ClusterIP' : 'LoadBalancer' } }),
        ];
      case 'port': {
        const ports = [{ port: 80 + random.below(4), targetPort: 8080, protocol: 'TCP' }];
        return ['ports of', () => scene.patchService(name, { spec: { ports } })];
      }
      case 'put':
        // As a tool does that knows its own manifest only: what Skycap wrote is not in it.
        return ['put', () => this.#put(name, kind)];
      case 'label':
        return ['label', () => scene.patchService(name, { metadata: { labels: { turn: `${random.below(1000)}` } } })];
    }
  }

  async #put(name: string, kind: Kind): Promise<void> {
    const { scene } = this.#options;
    const { spec } = await scene.service(name);
    const plain = scene.serviceObject(name) as Service;
    await scene.replaceService(name, { ...plain, spec: { ...spec, type: kind } });
  }
}
