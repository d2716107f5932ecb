/** A logger whose lines a test can read, as parsed NDJSON. */
import { createLogger, type Logger } from '../../lib/process/log.ts';

export type LogLine = Readonly<Record<string, unknown>> & { readonly level: string; readonly msg: string };

export interface LogSink {
  readonly log: Logger;
  readonly lines: readonly LogLine[];
}

export function logSink(component = 'test'): LogSink {
  const lines: LogLine[] = [];
  const destination = { write: (line: string): void => void lines.push(JSON.parse(line) as LogLine) };
  return { log: createLogger({ component, level: 'trace', destination }), lines };
}
