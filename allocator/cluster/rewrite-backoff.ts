/**
 * Another controller that writes the same status, another load balancer that takes Services without a class, say, would be answered by us at once and would answer at
 * once: without end, at the speed of the API server. So what is written again for the same Service waits: moments at first, and longer while it goes on.
 *
 * What is written is looked at in parts. A contest is about one of them, and news in another part is no end of it.
 */
import type { Clock } from '../../lib/process/clock.ts';

/** Of what is ours on a Service. `managedMetadata`: annotations and label. */
export type Part = 'ingress' | 'managedMetadata' | 'conditions';
/** The parts that are to be written, and as what. */
export type Texts = Partial<Readonly<Record<Part, string>>>;

export interface Contest {
  readonly parts: ReadonlySet<Part>;
  /** By whom, as far as that is known. */
  readonly writers: string;
  /** When it is over, if nobody writes over it until then. */
  readonly endsInMs: number;
}

const FIRST_MS = 100;
/** In the first minute of a contest, and after it. */
const LONGEST_MS = 2_000;
const LONGEST_LATER_MS = 10_000;
const LATER_AFTER_MS = 60_000;
/** Anybody may write over it once or twice. */
const WORTH_TELLING = 3;
/** A contest that was told is over when nobody has written over it for so long, or for a few times the pause that the other one makes. */
const OVER_AFTER_MS = 60_000;
const PAUSES = 3;
/** Before that, what happened is remembered longer: a controller that looks at its Services every few minutes is told as well. */
const FORGOTTEN_AFTER_MS = 900_000;

interface Written {
  readonly text: string;
  /** How often it was written again in a row. */
  readonly times: number;
}

interface Rewritten {
  readonly parts: Map<Part, Written>;
  /** Of the last write. */
  atMs: number;
  /** Of the first time that something was written again. */
  sinceMs: number;
  /** Between two times that something was written again. */
  longestGapMs: number;
  /** Absent until somebody is told. */
  writers: string | undefined;
}

export class RewriteBackoff {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #byKey = new Map<string, Rewritten>();

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /** @returns how long to wait before this may be written; 0: now. */
  waitMs(key: string, texts: Texts): number {
    const record = this.#recordOf(key);
    if (!record) return 0;
    const times = timesIn(record, texts);
    // Something in it is news.
    if (times.some((one) => one === undefined)) return 0;
    const nowMs = this.#clock.monotonicMs();
    const isLong = record.sinceMs + LATER_AFTER_MS <= nowMs;
    const pauseMs = FIRST_MS * 2 ** Math.max(...times.map((one) => one ?? 0));
    return Math.max(0, record.atMs + Math.min(pauseMs, isLong ? LONGEST_LATER_MS : LONGEST_MS) - nowMs);
  }

  /** Whether to tell of it when this is written. Once a contest. */
  isWorthTelling(key: string, texts: Texts): boolean {
    const record = this.#recordOf(key);
    if (!record || record.writers !== undefined) return false;
    return timesIn(record, texts).some((times) => times !== undefined && times + 1 >= WORTH_TELLING);
  }

  /** @param writers whom it was told of; only where it was. */
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

  /** One that was told of and goes on. */
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

  /** Of another term of leadership: whoever led meanwhile has told what there was to tell. */
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

/** By part, how often it was written again; undefined where it is something new. */
function timesIn(record: Rewritten, texts: Texts): (number | undefined)[] {
  return entriesOf(texts).map(([part, text]) => {
    const before = record.parts.get(part);
    return before?.text === text ? before.times : undefined;
  });
}

function entriesOf(texts: Texts): [Part, string][] {
  return Object.entries(texts) as [Part, string][];
}
