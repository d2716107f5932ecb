/** An action as lines of BIRD's filter language. */
import type { Action } from '../../../../lib/api/policy/route-policy.ts';
import { formatAddress } from '../../../../lib/net/address.ts';
import { matchedBy, pathIsOneOf } from './condition-expression.ts';
import type { ChannelFacts, StatementContext } from './context.ts';
import { COMMUNITY_ATTRIBUTES, communityLiteral, communitySet } from './literals.ts';

const LARGEST = 4_294_967_295;

export function actionLines(action: Action, context: StatementContext): readonly string[] {
  switch (action.kind) {
    case 'addCommunities':
    case 'replaceCommunities': {
      const attribute = COMMUNITY_ATTRIBUTES[action.of];
      return [
        ...(action.kind === 'replaceCommunities' ? [`unset(${attribute});`] : []),
        ...action.communities.map((one) => `${attribute}.add(${communityLiteral(action.of, one)});`),
      ];
    }
    case 'removeCommunities':
      return removeCommunities(action, context);
    case 'med':
      return med(action);
    case 'localPref':
      // RFC 4271 §5.1.5: not to another AS; GoBGP takes it off after the policy.
      return context.ownAs === undefined ? [`bgp_local_pref = ${action.value};`] : [];
    case 'prepend':
      return prepend(action, context);
    case 'nextHop':
      return nextHop(action, context);
    case 'origin':
      return [`bgp_origin = ORIGIN_${action.origin.toUpperCase()};`];
  }
}

type Of<K extends Action['kind']> = Extract<Action, { readonly kind: K }>;

/** GoBGP takes off every extended community that does not leave the AS, named or not. */
function removeCommunities({ of, patterns }: Of<'removeCommunities'>, { known }: StatementContext): readonly string[] {
  const intransitive = known[of].filter(({ isTransitive }) => isTransitive === false);
  const removed = [...matchedBy(patterns, known[of]), ...intransitive];
  return removed.length === 0 ? [] : [`${COMMUNITY_ATTRIBUTES[of]}.delete(${communitySet(of, removed)});`];
}

/** A sum that does not fit into 32 bits leaves the metric as it is. */
function med({ value, by }: Of<'med'>): readonly string[] {
  if (by === undefined) return [`bgp_med = ${value};`];
  const whereUnset = by === '+' || value === 0 ? [`if ! defined(bgp_med) then bgp_med = 0;`] : [];
  const fits = by === '+' ? `bgp_med <= ${LARGEST - value}` : `bgp_med >= ${value}`;
  return [...whereUnset, `if defined(bgp_med) then if ${fits} then bgp_med = bgp_med ${by} ${value};`];
}

function prepend({ as, times }: Of<'prepend'>, { asPaths }: StatementContext): readonly string[] {
  const lines = (number: number): string =>
    Array.from({ length: times }, () => `bgp_path.prepend(${number});`).join(' ');
  if (times === 0) return [];
  if (as !== 'last-as') return [lines(as)];
  const byFirst = Map.groupBy(asPaths, ({ path }) => path[0]);
  const cases = [...byFirst].flatMap(([first, states]) => (first === undefined ? [] : [{ first, states }]));
  const [only] = cases;
  if (only && byFirst.size === 1) return [lines(only.first)];
  return ifElse(
    cases.map(({ first, states }) => ({
      condition: `${pathIsOneOf(states.map(({ prepended }) => prepended))}`,
      lines: lines(first),
    })),
  );
}

/** One of them at most, as each changes what the others look at. */
function ifElse(cases: readonly { readonly condition: string; readonly lines: string }[]): readonly string[] {
  return cases.map(({ condition, lines }, i) => `${i === 0 ? '' : 'else '}if ${condition} then { ${lines} }`);
}

/** An address of the other family is none for these routes. */
function nextHop({ address }: Of<'nextHop'>, context: StatementContext): readonly string[] {
  if (typeof address === 'string') return context.stage === 'import' ? [] : [nodeAsNextHop(context)];
  return address.family === context.family ? [`bgp_next_hop = ${formatAddress(address)};`] : [];
}

/** No channel has a `next hop` of its own, as that would win over the filter's. */
export function nodeAsNextHop({ isOverOtherFamily, nodeAddress }: ChannelFacts): string {
  return isOverOtherFamily ? `bgp_next_hop = ${formatAddress(nodeAddress)};` : 'unset(bgp_next_hop);';
}
