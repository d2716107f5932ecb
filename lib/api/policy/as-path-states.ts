/**
 * The AS paths that a route can have before each statement. Every route begins with an empty path, and only the policy prepends to it: so they are known
 * without a route, and a regular expression about them comes down to a choice among them.
 */
import type { PolicyChain, RoutePolicy, Statement } from './route-policy.ts';

export interface AsPathState {
  /** The AS numbers that the policy prepended. A filter of BIRD's sees no others: BIRD adds the node's own AS number after the filter. */
  readonly prepended: readonly number[];
  /** The path that a condition of GoBGP's sees. If the session leaves the AS, the path has the node's own AS number. */
  readonly path: readonly number[];
}

export interface AsPathStates {
  /** As many as the chain has statements. */
  readonly imports: readonly (readonly AsPathState[])[];
  readonly exports: readonly (readonly AsPathState[])[];
}

/**
 * @param ownAs of the node, in a session that leaves the AS.
 * @param initial what routes were prepended with before the policy.
 * @param most statements that prepend and go on to the next double the paths.
 */
export function asPathStates(
  policy: RoutePolicy,
  ownAs: number | undefined,
  initial: readonly (readonly number[])[] = [[]],
  most = Number.POSITIVE_INFINITY,
): AsPathStates | { readonly tooManyAt: Statement } {
  const none: AsPathStates = { imports: [], exports: [] };
  if (!looksAtPaths(policy)) return none;
  const imports = walk(
    policy.imports,
    initial.map((path) => ({ prepended: path, path })),
    most,
  );
  if ('tooManyAt' in imports) return imports;
  const own = ownAs === undefined ? [] : [ownAs];
  const exports = walk(
    policy.exports,
    imports.accepted.map(({ prepended, path }) => ({ prepended, path: [...own, ...path] })),
    most,
  );
  return 'tooManyAt' in exports ? exports : { imports: imports.before, exports: exports.before };
}

function looksAtPaths({ imports, exports }: RoutePolicy): boolean {
  return [...imports.statements, ...exports.statements].some(
    ({ conditions, actions }) =>
      conditions.some(({ kind }) => kind === 'asPath') ||
      actions.some((action) => action.kind === 'prepend' && action.as === 'last-as'),
  );
}

type Walked =
  | { readonly before: readonly (readonly AsPathState[])[]; readonly accepted: readonly AsPathState[] }
  | { readonly tooManyAt: Statement };

function walk({ statements }: PolicyChain, initial: readonly AsPathState[], most: number): Walked {
  const before: (readonly AsPathState[])[] = [];
  const accepted = new Map<string, AsPathState>();
  let states = initial;
  for (const statement of statements) {
    before.push(states);
    const changed = states.map((state) => afterActions(statement, state));
    if (statement.disposition === 'accept') for (const state of changed) accepted.set(keyOf(state), state);
    const isForAll = statement.conditions.length === 0;
    if (statement.disposition === undefined) states = unique(isForAll ? changed : [...states, ...changed]);
    if (states.length > most) return { tooManyAt: statement };
  }
  return { before, accepted: unique([...accepted.values(), ...states]) };
}

function afterActions({ actions }: Statement, state: AsPathState): AsPathState {
  let { prepended, path } = state;
  for (const action of actions) {
    if (action.kind !== 'prepend') continue;
    const as = action.as === 'last-as' ? path[0] : action.as;
    if (as === undefined) continue;
    const more = Array.from({ length: action.times }, () => as);
    [prepended, path] = [
      [...more, ...prepended],
      [...more, ...path],
    ];
  }
  return { prepended, path };
}

function unique(states: readonly AsPathState[]): readonly AsPathState[] {
  return [...new Map(states.map((state) => [keyOf(state), state])).values()];
}

function keyOf({ prepended, path }: AsPathState): string {
  return `${prepended.join()} ${path.join()}`;
}
