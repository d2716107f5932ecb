/** Explains an Eip: its conditions, its use, and from which nodes its addresses are announced. PURE. */

import { quantityText } from '../../api/count.ts';
import type { EipObject } from '../../api/eip/eip-types.ts';
import { keyOf } from '../../api/meta/object.ts';
import { formatProblems } from '../../api/problem.ts';
import { hindranceText, reasonOf } from '../../reach/hindrance-text.ts';
import { type Explanation, explanationOf, failed, ok, type Step, unknown } from '../explanation.ts';
import { nodeLines } from '../node-lines.ts';
import type { World } from '../world.ts';
import { conditionSteps } from './condition-steps.ts';

export function explainEip(world: World, object: EipObject): Explanation {
  const from = `Eip ${keyOf(object)}`;
  const { conditions, poolSize = 0, usage = 0, reserved = 0, waiting = 0 } = object.status ?? {};
  const use = `addresses: ${usage} of ${poolSize} used, ${reserved} never given; Services that wait: ${waiting}`;
  const steps = [...conditionSteps('Eip', from, conditions), ok(use, from), ...reachSteps(world, object)];
  return explanationOf(from, steps, { unread: world.unread });
}

function reachSteps(world: World, object: EipObject): Step[] {
  const from = `Eip ${keyOf(object)}`;
  if (world.read.speakers.unread) return [unknown('the Speakers can not be read', 'Speakers')];
  const parsed = world.parsedEips.get(keyOf(object));
  const isSaid = object.status?.conditions?.some(({ type, status }) => type === 'Accepted' && status === 'False');
  if (parsed?.ok !== true) return isSaid || !parsed ? [] : [failed('Invalid', formatProblems(parsed.problems), from)];
  const { standing, nodes } = world.announcers.reachOf(parsed.value);
  const said = standing === 'Announced' ? standing : reasonOf(standing);
  const details = nodeLines(world, parsed.value, { said });
  if (standing !== 'Announced') {
    const isRepeated = object.status?.conditions?.some(({ type, reason }) => type === 'Announced' && reason === said);
    if (isRepeated && details.length === 0) return [];
    return [failed(said, hindranceText(standing, parsed.value), 'Speakers', { details })];
  }
  return [ok(`${quantityText(nodes.length, 'node')} may announce its addresses`, 'Speakers', { details })];
}
