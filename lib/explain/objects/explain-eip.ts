/** Explains an Eip: its conditions, its use, and from which nodes its addresses are announced. PURE. */
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
  const use = `${usage} of ${poolSize} addresses are used, ${reserved} are never given, ${waiting} Services wait`;
  const steps = [...conditionSteps('Eip', from, conditions), ok(use, from), reachStep(world, object)];
  return explanationOf(from, steps, { unread: world.unread });
}

function reachStep(world: World, object: EipObject): Step {
  const from = `Eip ${keyOf(object)}`;
  if (world.read.speakers.unread) return unknown('the Speakers can not be read', 'Speakers');
  const parsed = world.parsedEips.get(keyOf(object));
  if (!parsed?.ok) return failed('Invalid', parsed ? formatProblems(parsed.problems) : 'can not be read', from);
  const { standing, nodes } = world.announcers.reachOf(parsed.value);
  const details = nodeLines(world, parsed.value);
  if (standing === 'Announced') return ok(`${nodes.length} nodes may announce its addresses`, 'Speakers', { details });
  return failed(reasonOf(standing), hindranceText(standing, parsed.value), 'Speakers', { details });
}
