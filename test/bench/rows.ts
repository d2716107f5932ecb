/** The rows of the benchmark, in the order in which they run: what fills the cluster comes last. */
import type { Bench } from './bench.ts';
import type { Figure } from './figures.ts';
import type { BenchOptions } from './options.ts';
import { measureArp } from './rows/arp.ts';
import { measureCreation } from './rows/creation.ts';
import { measureEndpoints } from './rows/endpoints.ts';
import { measureNodes } from './rows/nodes.ts';
import { measureRest } from './rows/rest.ts';
import { measureRoute } from './rows/route.ts';
import { measureRoutes } from './rows/routes.ts';
import { measureScale } from './rows/scale.ts';
import { measureStart } from './rows/start.ts';
import { measureTakeover } from './rows/takeover.ts';
import { measureThousand } from './rows/thousand.ts';

interface RowName {
  /** As it is chosen by: `npm run bench -- creation route`. */
  readonly name: string;
  readonly title: string;
}

/** One that is measured in the lab. */
export interface LabRow extends RowName {
  readonly needs: 'lab';
  readonly measure: (bench: Bench, options: BenchOptions) => Promise<Figure[]>;
}

/** One that brings what it measures: an API server, for which the programs are needed, or a wire between two namespaces, for which nothing is. */
export interface OwnRow extends RowName {
  readonly needs: 'plane' | 'wire';
  readonly measure: (options: BenchOptions, note: (text: string) => void) => Promise<Figure[]>;
}

export type Row = LabRow | OwnRow;

export const ROWS: readonly Row[] = [
  { needs: 'lab', name: 'creation', title: 'what the webhook adds to a creation', measure: measureCreation },
  { needs: 'lab', name: 'route', title: 'from the create call to status and routes', measure: measureRoute },
  { needs: 'lab', name: 'endpoints', title: 'from an endpoint to its route', measure: measureEndpoints },
  { needs: 'lab', name: 'rest', title: 'what Skycap asks of the API server at rest', measure: measureRest },
  { needs: 'lab', name: 'takeover', title: 'on layer 2, from an owner to the next', measure: measureTakeover },
  { needs: 'lab', name: 'thousand', title: '1,000 Services at once', measure: measureThousand },
  { needs: 'lab', name: 'scale', title: 'one more Service, and memory, among 10,000', measure: measureScale },
  { needs: 'plane', name: 'start', title: 'a speaker that starts among 10,000 Services', measure: measureStart },
  { needs: 'plane', name: 'routes', title: 'one more route among 10,000, to four routers', measure: measureRoutes },
  { needs: 'wire', name: 'arp', title: 'what an answer by ARP or neighbour discovery takes', measure: measureArp },
  { needs: 'plane', name: 'nodes', title: 'what a change costs among thousands of nodes', measure: measureNodes },
];

/** @param names none for all. @throws {RangeError} for one that is not there. */
export function chosenRows(rows: readonly Row[], names: readonly string[]): readonly Row[] {
  const unknown = names.find((name) => !rows.some((row) => row.name === name));
  if (unknown !== undefined) {
    throw new RangeError(`Cannot measure "${unknown}": write some of ${rows.map(({ name }) => name).join(', ')}`);
  }
  return names.length === 0 ? rows : rows.filter(({ name }) => names.includes(name));
}
