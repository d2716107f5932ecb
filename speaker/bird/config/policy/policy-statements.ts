/** A policy as statements of the export filter of one session and family. No name of the user's stands in them: conditions hold the sets that they name. */
import { asPathStates } from '../../../../lib/api/policy/as-path-states.ts';
import type { PolicyChain, RoutePolicy, Statement } from '../../../../lib/api/policy/route-policy.ts';
import { actionLines } from './action-lines.ts';
import { conditionExpression } from './condition-expression.ts';
import { type ChannelFacts, knownCommunities, prependedBefore, type StatementContext } from './context.ts';
import { and } from './literals.ts';

/** The statements for a route until the import chain accepts it. */
const IMPORTING = 'skycap_importing';

export function policyStatements(policy: RoutePolicy, facts: ChannelFacts): readonly string[] {
  const states = asPathStates(policy, facts.ownAs, prependedBefore(facts));
  if ('tooManyAt' in states) throw new RangeError('Cannot write a filter: the parser lets no such policy through');
  const known = knownCommunities(policy, facts);
  const contextOf = (stage: 'import' | 'export', i: number): StatementContext => ({
    ...facts,
    ...{ stage, known, asPaths: states[`${stage}s`][i] ?? [] },
  });
  const lines = [
    // Declared without a value, it would end the filter of BIRD 2.0.12 when it runs.
    ...(hasImports(policy.imports) ? [`bool ${IMPORTING} = true;`] : []),
    ...(looksAtOrigin(policy) ? ['bgp_origin = ORIGIN_IGP;'] : []),
    ...importLines(policy.imports, (i) => contextOf('import', i)),
    ...policy.exports.statements.flatMap((one, i) => statementLines(one, contextOf('export', i))),
    policy.exports.acceptsByDefault ? 'accept;' : 'reject;',
  ];
  // Lines after an end that every route reaches have no effect, and the filter ends with accept anyway.
  const end = lines.findIndex((line) => line === 'accept;' || line === 'reject;');
  return lines[end] === 'accept;' ? [...lines.slice(0, end), ...facts.atAccept] : lines.slice(0, end + 1);
}

function hasImports({ statements, acceptsByDefault }: PolicyChain): boolean {
  return statements.length > 0 || !acceptsByDefault;
}

function looksAtOrigin({ imports, exports }: RoutePolicy): boolean {
  return [...imports.statements, ...exports.statements].some(({ conditions }) =>
    conditions.some(({ kind }) => kind === 'origin'),
  );
}

function importLines(chain: PolicyChain, contextOf: (i: number) => StatementContext): readonly string[] {
  if (!hasImports(chain)) return [];
  return [
    ...chain.statements.flatMap((one, i) => statementLines(one, contextOf(i))),
    ...(chain.acceptsByDefault ? [] : [`if ${IMPORTING} then reject;`]),
  ];
}

function statementLines({ conditions, actions, disposition }: Statement, context: StatementContext): readonly string[] {
  const isImport = context.stage === 'import';
  const condition = and([
    ...(isImport ? [IMPORTING] : []),
    ...conditions.map((one) => conditionExpression(one, context)),
  ]);
  const accept = isImport ? [`${IMPORTING} = false;`] : [...(condition === true ? [] : context.atAccept), 'accept;'];
  const body = [
    ...actions.flatMap((action) => actionLines(action, context)),
    ...(disposition ? (disposition === 'accept' ? accept : ['reject;']) : []),
  ];
  if (condition === false || body.length === 0) return [];
  if (condition === true) return body;
  return [`if ${condition} then {`, ...body.map((line) => `  ${line}`), '}'];
}
