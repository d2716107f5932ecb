/**
 * Writes log lines: each at once while they are few; in a flood, the lines of a quarter of a second together, since each write wakes the container runtime. A warning,
 * or the end of the process, writes all waiting lines at once. A killed process loses a quarter of a second of a flood.
 */
import pino, { type DestinationStream } from 'pino';

export interface LineSink {
  write(line: string): unknown;
  /** Writes the waiting lines before it returns. */
  flushSync(): void;
}

export interface LineWriterOptions {
  readonly sink: LineSink;
  readonly monotonicMs: () => number;
}

const TOGETHER_MS = 250;
/** By pino's numbers. */
const WARN = 40;

export class LineWriter implements DestinationStream {
  /** Makes pino set `lastLevel` for each line. */
  readonly [pino.symbols.needsMetadataGsym] = true;
  lastLevel = 0;
  readonly #options: LineWriterOptions;
  #flushedMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LineWriterOptions) {
    this.#options = options;
  }

  write(line: string): void {
    this.#options.sink.write(line);
    const waitMs = this.#flushedMs + TOGETHER_MS - this.#options.monotonicMs();
    if (waitMs <= 0 || this.lastLevel >= WARN) this.flushSync();
    else this.#timer ??= setTimeout(() => this.flushSync(), waitMs).unref();
  }

  /** Also called by pino after a fatal line. */
  flushSync(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flushedMs = this.#options.monotonicMs();
    this.#options.sink.flushSync();
  }
}
