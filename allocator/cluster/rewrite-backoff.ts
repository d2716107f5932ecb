/**
 * Delays writes against another controller that writes the same status, such as another load balancer that takes Services without a class. Without a delay, both would
 * write without end, at the speed of the API server. A repeated write for the same Service waits: moments at first, and longer while the contest goes on.
 *
 * A contest is about one part of the Service, and a change in another part does not end it.
 */
import type { Part } from '../../lib/api/service/status-writers.ts';
import type { Clock } from '../../lib/process/clock.ts';

/** The text of each part to write. */
export type Texts = Partial<Readonly<Record<Part, string>>>;

export interface Contest {
  readonly parts: ReadonlySet<Part>;
  /** The other controllers, as far as they are known. */
  readonly writers: string;
  /** The contest ends at this time, if no other controller writes before. */
  readonly endsInMs: number;
}

const FIRST_MS = 100;
/** In the first minute of a contest, and after it. */
const LONGEST_MS = 2_000;
const LONGEST_LATER_MS = 10_000;
const LATER_AFTER_MS = 60_000;
/** Another controller may overwrite a part once or twice. */
const WORTH_TELLING = 3;
/** A reported contest ends after this time without a write of the other controller, or after a few times the pause between its writes. */
const OVER_AFTER_MS = 60_000;
const PAUSES = 3;
/** Before the report, writes are remembered longer, so that a controller that writes every few minutes is reported as well. */
const FORGOTTEN_AFTER_MS = 900_000;

interface Written {
  readonly text: string;
  /** The number of repeated writes in a row. */
  readonly times: number;
}

interface Rewritten {
  readonly parts: Map<Part, Written>;
  /** Of the last write. */
  atMs: number;
  /** Of the first repeated write. */
  sinceMs: number;
  /** Between two repeated writes. */
  longestGapMs: number;
  /** Absent until the contest is reported. */
  writers: string | undefined;
}

export class RewriteBackoff {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #byKey = new Map<string, Rewritten>();

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /** @returns the time to wait before the write; 0: now. */
  waitMs(key: string, texts: Texts): number {
    const record = this.#recordOf(key);
    if (!record) return 0;
    const times = timesIn(record, texts);
    // A part has changed.
    if (times.some((one) => one === undefined)) return 0;
    const nowMs = this.#clock.monotonicMs();
    const isLong = record.sinceMs + LATER_AFTER_MS <= nowMs;
    const pauseMs = FIRST_MS * 2 ** Math.max(...times.map((one) => one ?? 0));
    return Math.max(0, record.atMs + Math.min(pauseMs, isLong ? LONGEST_LATER_MS : LONGEST_MS) - nowMs);
  }

  /** Whether this write is to report the contest: once for each contest. */
  isWorthTelling(key: string, texts: Texts): boolean {
    const record = this.#recordOf(key);
    if (!record || record.writers !== undefined) return false;
    return timesIn(record, texts).some((times) => times !== undefined && times + 1 >= WORTH_TELLING);
  }

  /** @param writers the controllers in the report, if there was one. */
  wrote(key: string, texts: Texts, writers?: string): void {
    if (entriesOf(texts).length === 0) return;
    const nowMs = this.#clock.monotonicMs();
    const record = this.#recordOf(key) ?? newRecord();
    let isAgain = false;
    for (const [part, text] of entriesOf(texts)) {
      const before = record.parts.get(part);
      const times = before?.text === text ? before.times + 1 : 0;
      record.parts.set(part, { text, times });
      if (times === 0) continue;
      isAgain = true;
      if (times > 1) record.longestGapMs = Math.max(record.longestGapMs, nowMs - record.atMs);
    }
    if (isAgain) record.sinceMs = Math.min(record.sinceMs, nowMs);
    record.atMs = nowMs;
    record.writers ??= writers;
    this.#byKey.set(key, record);
  }

  /** A contest that was reported and goes on. */
  contestOf(key: string): Contest | undefined {
    const record = this.#recordOf(key);
    if (record?.writers === undefined) return undefined;
    const parts = [...record.parts].flatMap(([part, { times }]) => (times > 0 ? [part] : []));
    const endsInMs = record.atMs + memoryMs(record) - this.#clock.monotonicMs();
    return { parts: new Set(parts), writers: record.writers, endsInMs };
  }

  forget(key: string): void {
    this.#byKey.delete(key);
  }

  /** Of a former term of leadership: the leader meanwhile has reported its contests. */
  reset(): void {
    this.#byKey.clear();
  }

  #recordOf(key: string): Rewritten | undefined {
    const record = this.#byKey.get(key);
    return record && this.#clock.monotonicMs() - record.atMs < memoryMs(record) ? record : undefined;
  }
}

function newRecord(): Rewritten {
  return { parts: new Map(), atMs: 0, sinceMs: Number.POSITIVE_INFINITY, longestGapMs: 0, writers: undefined };
}

function memoryMs({ writers, longestGapMs }: Rewritten): number {
  if (writers === undefined) return FORGOTTEN_AFTER_MS;
  return Math.min(FORGOTTEN_AFTER_MS, Math.max(OVER_AFTER_MS, longestGapMs * PAUSES));
}

/** The number of repeated writes by part; undefined for a part that has changed. */
function timesIn(record: Rewritten, texts: Texts): (number | undefined)[] {
  return entriesOf(texts).map(([part, text]) => {
    const before = record.parts.get(part);
    return before?.text === text ? before.times : undefined;
  });
}

function entriesOf(texts: Texts): [Part, string][] {
  return Object.entries(texts) as [Part, string][];
}
