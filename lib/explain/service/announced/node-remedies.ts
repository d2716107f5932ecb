/** Remedies for nodes that may not announce an address. Each names the first node with the obstacle. PURE. */
import { LEAVING_TAINTS, nodeState } from '../../../announce/node-state.ts';
import { EXCLUDE_NODE_LABEL } from '../../../api/keys.ts';
import type { LabelRequirement } from '../../../api/meta/label-selector.ts';
import type { Node } from '../../../api/service/service.ts';
import type { Standing } from '../../../reach/eip-reach.ts';
import { labelCommand } from '../../kubectl-commands.ts';
import type { World } from '../../world.ts';
import type { Remedy, Trouble } from './trouble.ts';

export function excludedRemedy({ nodes }: Trouble): Remedy {
  const [node] = nodesAt('NodeExcluded', nodes);
  return node === undefined ? {} : { command: labelCommand('node', node, { [EXCLUDE_NODE_LABEL]: undefined }) };
}

export function unselectedRemedy({ nodes, eip }: Trouble): Remedy {
  const [node] = nodesAt('NodeNotSelected', nodes);
  const remedy = `Change spec.nodeSelector of Eip ${eip.name}, or label a node.`;
  return { remedy, ...(node !== undefined && labelling(node, eip.nodeSelector)) };
}

export function lostRemedy({ nodes }: Trouble): Remedy {
  const [node] = nodesAt('NodeLost', nodes);
  return node === undefined ? {} : { command: `kubectl describe node ${node}` };
}

export function leavingRemedy({ world, nodes }: Trouble): Remedy {
  for (const node of nodesAt('NodeLeaving', nodes)) {
    const taint = nodeNamed(world, node)?.spec?.taints?.find(({ key }) => LEAVING_TAINTS.includes(key));
    if (taint) {
      return {
        remedy: 'Remove the taint if the node stays, or add a node.',
        command: `kubectl taint node ${node} ${taint.key}-`,
      };
    }
  }
  return { remedy: 'Add a node, or wait until the nodes are back.' };
}

export function maintenanceRemedy({ world, nodes }: Trouble): Remedy {
  const [node] = nodesAt('NodeInMaintenance', nodes);
  if (node === undefined) return {};
  const { inMaintenance, cordoned } = nodeState(node, nodeNamed(world, node));
  if (inMaintenance) {
    return {
      remedy: 'End the maintenance of a node after the work.',
      command: `kubectl skycap maintenance ${node} --end`,
    };
  }
  if (!cordoned) return { remedy: 'The maintenance has ended: the speaker announces the address soon.' };
  return {
    remedy: 'Uncordon a node after the work: by spec.maintenance.onCordon of BgpConf default, a cordon is maintenance.',
    command: `kubectl uncordon ${node}`,
  };
}

export function nodesAt(standing: Standing, nodes: Trouble['nodes']): string[] {
  return nodes.flatMap(([node, its]) => (its === standing ? [node] : []));
}

/** The command by which a selector selects the node; none for a selector that no further label fulfils. */
export function labelling(node: string, selector: readonly LabelRequirement[]): Remedy {
  if (selector.some(({ operator }) => operator === 'NotIn' || operator === 'DoesNotExist')) return {};
  return {
    command: labelCommand('node', node, Object.fromEntries(selector.map(({ key, values }) => [key, values[0] ?? '']))),
  };
}

function nodeNamed({ read }: World, name: string): Node | undefined {
  return read.nodes.items.find(({ metadata }) => metadata.name === name);
}
