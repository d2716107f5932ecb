/**
 * Logs are NDJSON by pino: a constant message with fields, ISO time, the level's name. At `info`: one line for each change, nothing periodic. A line has neither pid
 * nor host name, since the reader of a pod's log knows both.
 */
import pino from 'pino';
import { systemClock } from './clock.ts';
import { LineWriter } from './line-writer.ts';

/** In characters. */
const LONGEST_TOGETHER = 8_192;

/** The logger of a component; child loggers carry fields of their subject. */
export type Logger = pino.Logger;

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LoggerOptions {
  readonly component: string;
  /** @default info */
  readonly level?: LogLevel;
  /** @default standard output, written synchronously and at the exit at the latest, so that the last lines are not lost. */
  readonly destination?: pino.DestinationStream;
}

export function createLogger(options: LoggerOptions): Logger {
  return pino(
    {
      level: options.level ?? 'info',
      base: { component: options.component },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
    },
    options.destination ?? standardOutput(),
  );
}

function standardOutput(): LineWriter {
  const sink = pino.destination({ fd: 1, sync: true, minLength: LONGEST_TOGETHER });
  const writer = new LineWriter({ sink, monotonicMs: systemClock.monotonicMs });
  process.once('exit', () => writer.flushSync());
  return writer;
}

interface DescribedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
  readonly cause?: string;
  readonly stack?: string;
}

/** An error as fields. The stack is left out if the error has a code of its own (from the API server or the kernel): its message is enough. */
function describeError(error: unknown): DescribedError | string {
  if (!(error instanceof Error)) return String(error);
  const { code, statusCode } = error as { readonly code?: string; readonly statusCode?: number };
  const known = statusCode ?? code ?? codeOf(error.cause);
  return {
    type: error.name,
    message: error.message,
    ...(known !== undefined && { code: known }),
    ...(error.cause instanceof Error && { cause: error.cause.message }),
    ...(known === undefined && error.stack && { stack: error.stack }),
  };
}

function codeOf(cause: unknown): string | undefined {
  const code = cause instanceof Error ? (cause as { readonly code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : undefined;
}
