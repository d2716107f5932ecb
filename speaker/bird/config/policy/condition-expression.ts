/**
 * A condition as an expression of BIRD's. Some of GoBGP's ways are kept on purpose: in a prefix set only the most specific entry that contains the
 * route counts; and an empty prefix set never matches, inverted or not, whereas an empty neighbour set always does.
 */
import type {
  Community,
  CommunityKind,
  CommunityPattern,
  Comparison,
  Condition,
  PrefixEntry,
} from '../../../../lib/api/policy/route-policy.ts';
import { formatAddress } from '../../../../lib/net/address.ts';
import { type AddressRange, firstAddress, lastAddress, rangeContains } from '../../../../lib/net/range.ts';
import type { StatementContext } from './context.ts';
import { and, COMMUNITY_ATTRIBUTES, communitySet, type Expression, not, or } from './literals.ts';

const OPERATORS: Readonly<Record<Comparison, string>> = { eq: '=', ge: '>=', le: '<=' };

export function conditionExpression(condition: Condition, context: StatementContext): Expression {
  switch (condition.kind) {
    case 'prefix':
      return prefix(condition, context);
    case 'neighbor':
      return neighbor(condition, context);
    case 'community':
      return condition.of === 'extended' ? extended(condition, context) : communities(condition, context);
    case 'asPath':
      return asPath(condition, context);
    case 'asPathLength': {
      const own = context.stage === 'export' && context.ownAs !== undefined ? ' + 1' : '';
      return `bgp_path.len${own} ${OPERATORS[condition.comparison]} ${condition.value}`;
    }
    case 'communityCount':
      return `bgp_community.len ${OPERATORS[condition.comparison]} ${condition.value}`;
    case 'origin':
      return `bgp_origin = ORIGIN_${condition.origin.toUpperCase()}`;
    case 'nextHop':
      return condition.ranges.some((range) => rangeContains(range, context.nodeAddress));
    case 'family':
      return condition.families.includes(context.family);
    case 'never':
      return false;
  }
}

type Of<K extends Condition['kind']> = Extract<Condition, { readonly kind: K }>;

function prefix({ entries, invert }: Of<'prefix'>, { family }: StatementContext): Expression {
  if (entries[0]?.range.family !== family) return false;
  const matched = or([...groupedBySubnets(entries)].map(([subnets, group]) => prefixGroup(subnets, group)));
  return invert ? not(matched) : matched;
}

/** Entries that have the same more specific prefixes of the set within them are one set of BIRD's; most have none. */
function groupedBySubnets(entries: readonly PrefixEntry[]): Map<string, PrefixEntry[]> {
  return Map.groupBy(entries, (entry) => {
    const inner = entries.filter(
      ({ range, length }) => length > entry.length && rangeContains(entry.range, firstAddress(range)),
    );
    return [...new Set(inner.map((one) => `${prefixText(one)}+`))].join(', ');
  });
}

function prefixGroup(subnets: string, entries: readonly PrefixEntry[]): Expression {
  const patterns = entries.flatMap((entry) => {
    const least = Math.max(entry.least, entry.length);
    return least > entry.most ? [] : [`${prefixText(entry)}{${least},${entry.most}}`];
  });
  if (patterns.length === 0) return false;
  return and([`net ~ [${patterns.join(', ')}]`, subnets === '' ? true : `net !~ [${subnets}]`]);
}

function prefixText({ range, length }: PrefixEntry): string {
  return `${formatAddress(firstAddress(range))}/${length}`;
}

/** In the import chain a route comes from no neighbour. */
function neighbor({ ranges, invert }: Of<'neighbor'>, context: StatementContext): boolean {
  if (ranges.length === 0) return true;
  if (context.stage === 'import') return false;
  const { neighbor: ends } = context;
  const holds = (range: AddressRange) =>
    rangeContains(range, firstAddress(ends)) && rangeContains(range, lastAddress(ends));
  return ranges.some(holds) !== invert;
}

function communities({ of, patterns, option }: Of<'community'>, { known }: StatementContext): Expression {
  const hasOne = (some: readonly CommunityPattern[]): Expression => hasAny(of, matchedBy(some, known[of]));
  if (option === 'all') return patterns.length > 0 && and(patterns.map((pattern) => hasOne([pattern])));
  return option === 'any' ? hasOne(patterns) : not(hasOne(patterns));
}

/** `all` is about the communities of the route here, not about those of the set; and one that does not leave the AS never matches. */
function extended({ of, patterns, option }: Of<'community'>, { known }: StatementContext): Expression {
  const transitive = (all: readonly Community[]) => all.filter(({ isTransitive }) => isTransitive);
  const matched = transitive(matchedBy(patterns, known[of]));
  const others = transitive(known[of]).filter((one) => !patterns.some(({ matches }) => matches(one)));
  if (option === 'all') return and([hasAny(of, matched), not(hasAny(of, others))]);
  return option === 'any' ? hasAny(of, matched) : not(hasAny(of, matched));
}

/** Those that the patterns spell, and the known ones that match them. */
export function matchedBy(patterns: readonly CommunityPattern[], known: readonly Community[]): readonly Community[] {
  return patterns.flatMap(({ literal, matches }) => [...(literal ? [literal] : []), ...known.filter(matches)]);
}

function hasAny(kind: CommunityKind, some: readonly Community[]): Expression {
  return some.length > 0 && `${COMMUNITY_ATTRIBUTES[kind]} ~ ${communitySet(kind, some)}`;
}

function asPath({ patterns, option }: Of<'asPath'>, { asPaths }: StatementContext): Expression {
  const holds = (path: readonly number[]): boolean => {
    if (option === 'all') return patterns.every((matches) => matches(path));
    return patterns.some((matches) => matches(path)) === (option === 'any');
  };
  const held = asPaths.filter(({ path }) => holds(path));
  return held.length === asPaths.length || pathIsOneOf(held.map(({ prepended }) => prepended));
}

/** The path as the filter sees it. */
export function pathIsOneOf(paths: readonly (readonly number[])[]): Expression {
  return or(paths.map((path) => `bgp_path ~ [= ${path.join(' ')} =]`));
}
