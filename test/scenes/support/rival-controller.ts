/** Another controller that wants another status of an object, and restores it whenever the status differs. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject } from '../../../lib/api/meta/object.ts';
import type { Api } from '../../lab/api.ts';
import { refOf } from './object-ref.ts';
import { durationMs, type Rival } from './scene-file.ts';

const LOOK_MS = 20;

export class RivalController {
  readonly #api: Api;
  readonly #rival: Rival;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(api: Api, rival: Rival) {
    this.#api = api;
    this.#rival = rival;
    this.#running = this.#run(performance.now() + durationMs(rival.for));
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(untilMs: number): Promise<void> {
    const { path } = refOf(this.#rival.object);
    const manager = encodeURIComponent(this.#rival.name);
    while (!this.#stop.signal.aborted && performance.now() < untilMs) {
      const object = (await this.#api.get<KubeObject>(path).catch(() => undefined)) as { status?: object } | undefined;
      if (object && !says(object.status ?? {}, this.#rival.status)) {
        await this.#api
          .patch(`${path}/status?fieldManager=${manager}`, { status: this.#rival.status })
          .catch(() => undefined);
      }
      await sleep(LOOK_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }
}

/** As a merge patch would leave it. */
function says(status: object, wanted: object): boolean {
  return Object.entries(wanted).every(([key, value]) => {
    const present = (status as Record<string, unknown>)[key];
    if (value === null) return present === undefined;
    if (typeof value !== 'object' || Array.isArray(value)) return JSON.stringify(present) === JSON.stringify(value);
    return typeof present === 'object' && present !== null && says(present, value);
  });
}
