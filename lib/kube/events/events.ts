/**
 * Writes Events, on change only. An equal Event for the same object is not repeated within the window, except a few times for a changing state. The queue is bounded,
 * the rate is limited, and no failure reaches the caller. An Event is news for people; lasting facts are in conditions.
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
  /** An equal Event is not repeated within this time. @default 10 min */
  readonly windowMs?: number;
  /** @default 25 at once, then 2 a second */
  readonly rate?: { readonly burst: number; readonly perSecond: number };
}

/** Why an Event was not written. */
type Dropped = 'rate' | 'queue' | 'refused';

const WINDOW_MS = 600_000;
const RATE = { burst: 25, perSecond: 2 };
/** For a changing state, within the window. */
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

  /** Records an Event; never throws and never waits. */
  record(happening: Happening): void {
    const nowMs = this.#clock.monotonicMs();
    const key = this.#newKey(happening, nowMs);
    if (key === undefined) return;
    if (this.#queue.length >= MOST_QUEUED) this.#drop('queue', key);
    else if (!this.#bucket.take(nowMs)) this.#drop('rate', key);
    else this.#enqueue(happening, key);
  }

  /** @returns undefined if an equal Event was written recently, as often as allowed. */
  #newKey({ regarding, type, reason, note, isTurn }: Happening, nowMs: number): string | undefined {
    const same = [regarding.kind, keyOf(regarding), regarding.metadata.uid, type, reason, note];
    for (let turn = 0; turn < (isTurn ? MOST_TURNS : 1); turn++) {
      const key = JSON.stringify([...same, turn]);
      if (this.#said.isNew(key, nowMs)) return key;
    }
    return undefined;
  }

  /** Resolves when all Events recorded so far are written or dropped. */
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

  /** An Event that was not written is new the next time. */
  #drop(why: Dropped, key: string): void {
    this.#said.forget(key);
    this.#dropped?.inc({ why });
  }
}
