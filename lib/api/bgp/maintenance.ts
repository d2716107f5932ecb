/** `BgpConf.spec.maintenance` in parsed form: the maintenance of a node with the annotation `skycap.io/maintenance`. */
import { mapAt } from '../meta/shapes.ts';
import type { Problem } from '../problem.ts';
import { optionalNumber } from './bgp-fields.ts';
import type { BgpConfObject } from './bgp-types.ts';

export interface MaintenanceSettings {
  /** The time for which routers are asked to prefer other nodes before the node withdraws its routes. */
  readonly drainSeconds: number;
  /** The number of other nodes that must announce an address before a node withdraws it. */
  readonly minimumNodes: number;
  /** Whether `kubectl cordon` and `kubectl drain` count as maintenance. */
  readonly onCordon: boolean;
}

export const DEFAULT_MAINTENANCE: MaintenanceSettings = { drainSeconds: 10, minimumNodes: 1, onCordon: false };

const LONGEST_DRAIN_SECONDS = 3_600;
/** Kubernetes' limit for a cluster. */
const MOST_NODES = 5_000;

type Spec = NonNullable<BgpConfObject['spec']>;

export function maintenanceOf(raw: Spec['maintenance'], problems: Problem[]): MaintenanceSettings {
  const { drainSeconds, minimumNodes, onCordon } = mapAt(raw, 'spec.maintenance', problems);
  // Zero is a valid value of these fields.
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
