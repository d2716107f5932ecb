/** Refuses a parsed policy that no filter of BIRD's can express. */
import type { Problem } from '../problem.ts';
import { asPathStates } from './as-path-states.ts';
import type { RoutePolicy, Statement } from './route-policy.ts';
import { POLICY_KEY } from './toml/section.ts';

const MOST_PATHS = 256;

export function limitProblems(policy: RoutePolicy): readonly Problem[] {
  // No policy names AS 0, so it stands for the node's own number, which is not known here.
  const tooMany = [0, undefined].flatMap((ownAs) => {
    const states = asPathStates(policy, ownAs, [[]], MOST_PATHS);
    return 'tooManyAt' in states ? [states.tooManyAt] : [];
  });
  const message =
    'prepends to so many different AS paths that conditions about them cannot be decided; accept or reject routes earlier';
  return [...tooMany.slice(0, 1).map((statement) => problemAt(statement, message)), ...nextHopProblems(policy)];
}

/** BIRD forgets the next hop of the import chain when the export chain sets another. */
function nextHopProblems({ imports, exports }: RoutePolicy): readonly Problem[] {
  const setsOne = ({ actions }: Statement) =>
    actions.some((action) => action.kind === 'nextHop' && typeof action.address !== 'string');
  const looksAtIt = ({ actions, conditions }: Statement) =>
    actions.some((action) => action.kind === 'nextHop' && action.address === 'unchanged') ||
    conditions.some(({ kind }) => kind === 'nextHop');
  const at = [...imports.statements, ...exports.statements].find(looksAtIt);
  if (!at || !imports.statements.some(setsOne)) return [];
  return [problemAt(at, 'depends on a next hop that an import policy sets; set the next hop in an export policy')];
}

function problemAt({ line }: Statement, message: string): Problem {
  return { field: `${POLICY_KEY} line ${line}: policy-definitions.statements`, message };
}
