/**
 * Writes Events, on change only: the same about the same object is not said again within the window, but for what comes and goes, a few times; the queue is bounded, the rate is limited, and
 * nothing that goes wrong here reaches the caller. An Event is news for people; what must not be lost stands in a condition.
 */
import { randomBytes } from 'node:crypto';
import type { Counter, Registry } from 'prom-client';
import { keyOf } from '../../api/meta/object.ts';
import { type Clock, systemClock } from '../../process/clock.ts';
import type { Logger } from '../../process/log.ts';
import { TokenBucket } from '../../process/loop/token-bucket.ts';
import { sharedCounter } from '../../process/shared-metric.ts';
import type { KubeClient } from '../client.ts';
import { EVENTS, type EventObject, eventFor, type Happening } from './event.ts';
import { RecentKeys } from './recent-keys.ts';

export interface EventRecorderOptions {
  readonly client: Pick<KubeClient, 'create'>;
  /** `skycap-allocator`; shown as the Event's source. */
  readonly controller: string;
  /** The pod's name. */
  readonly instance: string;
  readonly log: Logger;
  readonly registry?: Registry;
  readonly clock?: Clock;
  /** The same is not said again within this. @default 10 min */
  readonly windowMs?: number;
  /** @default 25 at once, then 2 a second */
  readonly rate?: { readonly burst: number; readonly perSecond: number };
}

/** Why an Event was not written. */
type Dropped = 'rate' | 'queue' | 'refused';

const WINDOW_MS = 600_000;
const RATE = { burst: 25, perSecond: 2 };
/** Of one that comes and goes, within the window. */
const MOST_TURNS = 5;
const MOST_REMEMBERED = 4_096;
const MOST_QUEUED = 256;
const UNIQUE_BYTES = 8;

export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #clock: Clock;
  readonly #said: RecentKeys;
  readonly #bucket: TokenBucket;
  readonly #dropped: Counter<'why'> | undefined;
  readonly #queue: { readonly key: string; readonly event: EventObject }[] = [];
  #isWriting = false;
  #writing: Promise<void> | undefined;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#said = new RecentKeys({ windowMs: options.windowMs ?? WINDOW_MS, most: MOST_REMEMBERED });
    this.#bucket = new TokenBucket({ ...(options.rate ?? RATE), nowMs: this.#clock.monotonicMs() });
    this.#dropped =
      options.registry &&
      sharedCounter(options.registry, {
        name: 'skycap_events_dropped_total',
        help: 'Events that were not written.',
        labelNames: ['why'] as const,
      });
  }

  /** Says what happened, soon; never throws and never waits. */
  record(happening: Happening): void {
    const nowMs = this.#clock.monotonicMs();
    const key = this.#newKey(happening, nowMs);
    if (key === undefined) return;
    if (this.#queue.length >= MOST_QUEUED) this.#drop('queue', key);
    else if (!this.#bucket.take(nowMs)) this.#drop('rate', key);
    else this.#enqueue(happening, key);
  }

  /** @returns undefined where it was said lately, as often as may be. */
  #newKey({ regarding, type, reason, note, isTurn }: Happening, nowMs: number): string | undefined {
    const same = [regarding.kind, keyOf(regarding), regarding.metadata.uid, type, reason, note];
    for (let turn = 0; turn < (isTurn ? MOST_TURNS : 1); turn++) {
      const key = JSON.stringify([...same, turn]);
      if (this.#said.isNew(key, nowMs)) return key;
    }
    return undefined;
  }

  /** Resolves when all that was recorded so far is written or dropped. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  #enqueue(happening: Happening, key: string): void {
    const unique = randomBytes(UNIQUE_BYTES).toString('hex');
    this.#queue.push({ key, event: eventFor(happening, this.#options, this.#clock.nowMs(), unique) });
    if (this.#isWriting) return;
    this.#isWriting = true;
    this.#writing = this.#write();
  }

  async #write(): Promise<void> {
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      try {
        await this.#options.client.create(EVENTS, next.event);
      } catch (err) {
        this.#drop('refused', next.key);
        this.#options.log.debug({ err, reason: next.event.reason }, 'event not written');
      }
    }
    this.#isWriting = false;
  }

  /** What was not said is new again the next time. */
  #drop(why: Dropped, key: string): void {
    this.#said.forget(key);
    this.#dropped?.inc({ why });
  }
}
