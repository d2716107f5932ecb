/** The command line of `npm run test:soak`. Pure. */
import { parseArgs } from 'node:util';

export interface SoakArguments {
  readonly name: string;
  readonly durationMs: number;
  readonly runs: number;
  readonly seed: number | undefined;
  readonly path: string | undefined;
}

const DEFAULT_DURATION = '60m';
const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

export const USAGE = 'npm run test:soak -- <name> [<time, such as 90s, 60m or 8h>] [--runs=N] [--seed=N] [--path=P]';

/** @throws RangeError for what can't be read. */
export function parseSoakArguments(args: readonly string[]): SoakArguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { runs: { type: 'string' }, seed: { type: 'string' }, path: { type: 'string' } },
  });
  const [name = '', duration = DEFAULT_DURATION] = positionals;
  if (positionals.length > 2) throw new RangeError(`Cannot read "${positionals[2]}": ${USAGE}`);
  return {
    name,
    durationMs: durationMs(duration),
    runs: values.runs === undefined ? Number.POSITIVE_INFINITY : wholeNumber('--runs', values.runs),
    seed: values.seed === undefined ? undefined : wholeNumber('--seed', values.seed),
    path: values.path,
  };
}

function durationMs(text: string): number {
  const [, digits, unit = ''] = /^(\d+)([smh])$/.exec(text) ?? [];
  const unitMs = UNIT_MS[unit];
  if (digits === undefined || unitMs === undefined) throw new RangeError(`Cannot read the time "${text}": ${USAGE}`);
  return Number(digits) * unitMs;
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new RangeError(`Cannot read ${option}="${text}": write a whole number`);
  return Number(text);
}
