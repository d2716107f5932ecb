/** The command line of `npm run bench`. Pure. */
import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** Names of rows; none for all. */
  readonly rows: readonly string[];
  /** A tenth of the repetitions: to try the benchmark out. */
  readonly quick: boolean;
  /** The row `nodes` goes no further. */
  readonly mostNodes: number;
}

/** Larger ones take minutes to start; `--nodes=5000` asks for them. */
const MOST_NODES = 2_000;

/** @throws {RangeError} or {TypeError} for what cannot be read. */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { quick: { type: 'boolean', default: false }, nodes: { type: 'string', default: String(MOST_NODES) } },
  });
  const mostNodes = Number(values.nodes);
  if (!Number.isInteger(mostNodes) || mostNodes < 1)
    throw new RangeError(`Cannot read --nodes="${values.nodes}": write a whole number`);
  return { rows: positionals, quick: values.quick, mostNodes };
}
