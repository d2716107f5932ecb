/** An address that no node announces, and a remedy. */
import type { Eip } from '../../../api/eip/eip.ts';
import type { Service } from '../../../api/service/service.ts';
import type { Step } from '../../explanation.ts';
import type { NodeStanding } from '../../node-lines.ts';
import type { World } from '../../world.ts';

export interface Trouble {
  readonly world: World;
  readonly service: Service;
  readonly eip: Eip;
  readonly nodes: readonly NodeStanding[];
}

export type Remedy = Pick<Step, 'remedy' | 'command'>;
