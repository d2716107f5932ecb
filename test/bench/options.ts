/** The command line of `npm run bench`. Pure. */
import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** Names of rows; none for all. */
  readonly rows: readonly string[];
  /** A tenth of the repetitions: to try the benchmark out. */
  readonly quick: boolean;
  /** The largest step of the row `nodes`. */
  readonly mostNodes: number;
  /** The largest step of the row `scale`. */
  readonly mostServices: number;
}

/** Larger ones take minutes to start; `--nodes=5000` asks for them. */
const MOST_NODES = 2_000;
const MOST_SERVICES = 10_000;

/** @throws {RangeError} or {TypeError} for what cannot be read. */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      nodes: { type: 'string', default: String(MOST_NODES) },
      services: { type: 'string', default: String(MOST_SERVICES) },
    },
  });
  return {
    rows: positionals,
    quick: values.quick,
    mostNodes: parseCount('nodes', values.nodes),
    mostServices: parseCount('services', values.services),
  };
}

function parseCount(option: string, text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1)
    throw new RangeError(`Cannot read --${option}="${text}": write a whole number`);
  return count;
}
