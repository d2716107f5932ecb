/** `BgpConf.spec.maintenance` parsed: what happens on a node with the annotation `skycap.io/maintenance`. */
import { mapAt } from '../meta/shapes.ts';
import type { Problem } from '../problem.ts';
import { optionalNumber } from './bgp-fields.ts';
import type { BgpConfObject } from './bgp-types.ts';

export interface MaintenanceSettings {
  /** How long routers are asked to prefer other nodes before the routes are withdrawn. */
  readonly drainSeconds: number;
  /** How many nodes go on announcing an address: a node keeps an address that fewer others announce. */
  readonly minimumNodes: number;
  /** `kubectl cordon` and `kubectl drain` count as maintenance. */
  readonly onCordon: boolean;
}

export const DEFAULT_MAINTENANCE: MaintenanceSettings = { drainSeconds: 10, minimumNodes: 1, onCordon: false };

const LONGEST_DRAIN_SECONDS = 3_600;
/** Of a Kubernetes cluster. */
const MOST_NODES = 5_000;

type Spec = NonNullable<BgpConfObject['spec']>;

export function maintenanceOf(raw: Spec['maintenance'], problems: Problem[]): MaintenanceSettings {
  const { drainSeconds, minimumNodes, onCordon } = mapAt(raw, 'spec.maintenance', problems);
  // Zero is a value here.
  const number = (name: 'drainSeconds' | 'minimumNodes', value: unknown, most: number): number => {
    const remedy = `write a number such as ${DEFAULT_MAINTENANCE[name]}`;
    const rule = { field: `spec.maintenance.${name}`, least: 0, most, remedy };
    return value === 0 ? 0 : (optionalNumber(value, rule, problems) ?? DEFAULT_MAINTENANCE[name]);
  };
  return {
    drainSeconds: number('drainSeconds', drainSeconds, LONGEST_DRAIN_SECONDS),
    minimumNodes: number('minimumNodes', minimumNodes, MOST_NODES),
    onCordon: onCordon === true,
  };
}
