/** The conditions of a statement, which must all hold. */
import type { Family } from '../../net/address.ts';
import { type DefinedSets, rangesOf } from './defined-sets.ts';
import type { CommunityKind, Condition, MatchOption } from './route-policy.ts';
import type { Section } from './toml/section.ts';

const LARGEST_COUNT = 4_294_967_295;
const FAMILIES: Readonly<Record<string, readonly Family[]>> = { 'ipv4-unicast': [4], 'ipv6-unicast': [6] };
/** GoBGP reads these and does nothing about them, so a statement would hold where its author does not want it. */
const WITHOUT_EFFECT = 'is read by GoBGP and has no effect there; remove it';

export function readConditions(section: Section, sets: DefinedSets): readonly Condition[] {
  const bgp = section.section('bgp-conditions');
  const conditions = [
    ...prefixOrNeighbor(section, sets),
    ...bgpSets(bgp, sets),
    ...counts(bgp),
    ...origin(bgp),
    ...kindsOfRoute(bgp),
  ];
  for (const key of ['med-eq', 'local-pref-eq']) if (bgp.keys.includes(key)) bgp.refuse(key, WITHOUT_EFFECT);
  for (const key of ['call-policy', 'match-tag-set', 'install-protocol-eq', 'igp-conditions']) {
    if (section.keys.includes(key)) section.refuse(key, WITHOUT_EFFECT);
  }
  bgp.end();
  section.end();
  return conditions;
}

function prefixOrNeighbor(section: Section, sets: DefinedSets): Condition[] {
  const prefix = named(section.section('match-prefix-set'), 'prefix-set', sets.prefixes, ['any', 'invert']);
  const neighbor = named(section.section('match-neighbor-set'), 'neighbor-set', sets.neighbors, ['any', 'invert']);
  return [
    ...(prefix ? [{ kind: 'prefix', entries: prefix.set, invert: prefix.option === 'invert' } as const] : []),
    ...(neighbor ? [{ kind: 'neighbor', ranges: neighbor.set, invert: neighbor.option === 'invert' } as const] : []),
  ];
}

const OPTIONS: readonly [MatchOption, ...MatchOption[]] = ['any', 'all', 'invert'];

function bgpSets(bgp: Section, { communities, asPaths }: DefinedSets): Condition[] {
  const community = (key: string, of: CommunityKind): Condition[] => {
    const found = named(bgp.section(`match-${key}`), key, communities[of], OPTIONS);
    return found ? [{ kind: 'community', of, patterns: found.set, option: found.option }] : [];
  };
  const asPath = named(bgp.section('match-as-path-set'), 'as-path-set', asPaths, OPTIONS);
  return [
    ...community('community-set', 'standard'),
    ...community('ext-community-set', 'extended'),
    ...community('large-community-set', 'large'),
    ...(asPath ? [{ kind: 'asPath', patterns: asPath.set, option: asPath.option } as const] : []),
  ];
}

function named<T>(
  section: Section,
  key: string,
  sets: ReadonlyMap<string, T>,
  options: readonly [MatchOption, ...MatchOption[]],
): { readonly set: T; readonly option: MatchOption } | undefined {
  const name = section.word(key);
  const option = section.choice('match-set-options', options);
  const set = name && sets.get(name.text);
  if (name && !set) section.refuse(key, 'is the name of no set; define the set, or name another');
  section.end();
  return set && { set, option };
}

function counts(bgp: Section): Condition[] {
  return (['as-path-length', 'community-count'] as const).flatMap((key) => {
    const section = bgp.section(key);
    const isGiven = section.keys.length > 0;
    const operator = section.choice('operator', ['eq', 'ge', 'le', 'attribute-eq', 'attribute-ge', 'attribute-le']);
    const value = section.integer('value', LARGEST_COUNT) ?? 0;
    if (isGiven && !section.keys.includes('operator'))
      section.refuse('operator', 'is missing; write "eq", "ge" or "le"');
    section.end();
    const comparison = operator.slice(-2) as 'eq' | 'ge' | 'le';
    return isGiven ? [{ kind: key === 'as-path-length' ? 'asPathLength' : 'communityCount', comparison, value }] : [];
  });
}

function origin(bgp: Section): Condition[] {
  if (!bgp.word('origin-eq')) return [];
  return [{ kind: 'origin', origin: bgp.choice('origin-eq', ['igp', 'egp', 'incomplete']) }];
}

/** Every route of a speaker is local, and none is in an RPKI cache, as there is none. */
function kindsOfRoute(bgp: Section): Condition[] {
  const routeType = bgp.choice('route-type', ['none', 'local', 'internal', 'external']);
  const rpki = bgp.choice('rpki-validation-result', ['none', 'not-found', 'valid', 'invalid']);
  const nextHops = rangesOf(bgp, 'next-hop-in-list');
  const families = bgp.words('afi-safi-in-list');
  const never: Condition = { kind: 'never' };
  return [
    ...(routeType === 'internal' || routeType === 'external' ? [never] : []),
    ...(rpki === 'valid' || rpki === 'invalid' ? [never] : []),
    ...(nextHops.length > 0 ? [{ kind: 'nextHop', ranges: nextHops } as const] : []),
    ...(bgp.keys.includes('afi-safi-in-list')
      ? [{ kind: 'family', families: families.flatMap(({ text }) => FAMILIES[text] ?? []) } as const]
      : []),
  ];
}
