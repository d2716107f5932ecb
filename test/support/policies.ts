/** Policies in GoBGP's format, one for each thing that they can say. */
import type { Random } from './random.ts';

const SETS = `
[[defined-sets.prefix-sets]]
  prefix-set-name = "low"
  [[defined-sets.prefix-sets.prefix-list]]
    ip-prefix = "198.51.100.0/25"
    masklength-range = "25..32"
[[defined-sets.prefix-sets]]
  prefix-set-name = "one"
  [[defined-sets.prefix-sets.prefix-list]]
    ip-prefix = "198.51.100.1/32"
[[defined-sets.prefix-sets]]
  prefix-set-name = "six"
  [[defined-sets.prefix-sets.prefix-list]]
    ip-prefix = "2001:db8:100::/64"
    masklength-range = "128..128"
[[defined-sets.prefix-sets]]
  prefix-set-name = "nested"
  [[defined-sets.prefix-sets.prefix-list]]
    ip-prefix = "198.51.100.0/24"
    masklength-range = "24..32"
  [[defined-sets.prefix-sets.prefix-list]]
    ip-prefix = "198.51.100.0/25"
    masklength-range = "25..25"
[[defined-sets.prefix-sets]]
  prefix-set-name = "empty"
[[defined-sets.neighbor-sets]]
  neighbor-set-name = "outside"
  neighbor-info-list = ["192.0.2.1"]
[[defined-sets.neighbor-sets]]
  neighbor-set-name = "all"
  neighbor-info-list = ["192.0.2.0/24"]
[[defined-sets.neighbor-sets]]
  neighbor-set-name = "empty"
[[defined-sets.bgp-defined-sets.community-sets]]
  community-set-name = "plain"
  community-list = ["65000:1"]
[[defined-sets.bgp-defined-sets.community-sets]]
  community-set-name = "two"
  community-list = ["65000:1", "^65000:2.$"]
[[defined-sets.bgp-defined-sets.community-sets]]
  community-set-name = "word"
  community-list = ["NO_EXPORT", "4259840009"]
[[defined-sets.bgp-defined-sets.ext-community-sets]]
  ext-community-set-name = "targets"
  ext-community-list = ["rt:6500[01]:.*"]
[[defined-sets.bgp-defined-sets.large-community-sets]]
  large-community-set-name = "larges"
  large-community-list = ["65000:1:2", "^65000:.*:9$"]
[[defined-sets.bgp-defined-sets.as-path-sets]]
  as-path-set-name = "own"
  as-path-list = ["^64512$"]
[[defined-sets.bgp-defined-sets.as-path-sets]]
  as-path-set-name = "twice"
  as-path-list = ["^64512_64512"]
`;

/** One statement: what follows its header, in lines. */
export function statement(conditions: string, actions: string, disposition = ''): string {
  const lines = [
    '  [[policy-definitions.statements]]',
    conditions,
    '    [policy-definitions.statements.actions]',
    disposition === '' ? '' : `      route-disposition = "${disposition}"`,
    actions,
  ];
  return lines.filter((line) => line !== '').join('\n');
}

const IF = '    [policy-definitions.statements.conditions';
const BGP = '    [policy-definitions.statements.actions.bgp-actions';

export const ifPrefix = (set: string, options = 'any'): string =>
  `${IF}.match-prefix-set]\n      prefix-set = "${set}"\n      match-set-options = "${options}"`;
export const ifNeighbor = (set: string, options = 'any'): string =>
  `${IF}.match-neighbor-set]\n      neighbor-set = "${set}"\n      match-set-options = "${options}"`;
export const ifSet = (
  kind: 'community' | 'ext-community' | 'large-community' | 'as-path',
  set: string,
  options = 'any',
): string =>
  `${IF}.bgp-conditions.match-${kind}-set]\n      ${kind}-set = "${set}"\n      match-set-options = "${options}"`;
export const ifBgp = (line: string): string => `${IF}.bgp-conditions]\n      ${line}`;
export const ifLength = (operator: string, value: number): string =>
  `${IF}.bgp-conditions.as-path-length]\n      operator = "${operator}"\n      value = ${value}`;

export const set = (line: string): string => `${BGP}]\n      ${line}`;
export const communities = (
  kind: 'community' | 'ext-community' | 'large-community',
  option: 'add' | 'remove' | 'replace',
  list: readonly string[],
): string =>
  `${BGP}.set-${kind}]\n      options = "${option}"\n${BGP}.set-${kind}.set-${kind}-method]\n      communities-list = ${JSON.stringify(list)}`;
export const prepend = (as: string, times: number): string =>
  `${BGP}.set-as-path-prepend]\n      as = "${as}"\n      repeat-n = ${times}`;

interface Lists {
  readonly imports?: readonly string[];
  readonly exports?: readonly string[];
  readonly byDefault?: string;
}

/** Policies by name, in lists that name all of them unless told otherwise. */
export function policyText(policies: Readonly<Record<string, readonly string[]>>, lists: Lists = {}): string {
  const { imports = [], exports = Object.keys(policies), byDefault = 'accept-route' } = lists;
  return [
    SETS,
    ...Object.entries(policies).flatMap(([name, statements]) => [
      '[[policy-definitions]]',
      `  name = "${name}"`,
      ...statements,
    ]),
    '[global.apply-policy.config]',
    `  import-policy-list = ${JSON.stringify(imports)}`,
    `  export-policy-list = ${JSON.stringify(exports)}`,
    `  default-export-policy = "${byDefault}"`,
    '',
  ].join('\n');
}

const add = (...list: readonly string[]) => communities('community', 'add', list);
const only = (...statements: readonly string[]): string => policyText({ p: statements });
const mark = add('65000:99');

export const TABLE: Readonly<Record<string, string>> = {
  'no statement': policyText({}),
  'communities of each kind': only(
    statement(
      ifPrefix('low'),
      [
        add('65000:1', 'no-export', '65535:666'),
        communities('large-community', 'add', ['4200000000:1:2']),
        communities('ext-community', 'add', ['rt:65000:100', 'soo:1.10:7', 'rt:192.0.2.1:5', 'encap:vxlan']),
      ].join('\n'),
    ),
  ),
  'communities removed and replaced': only(
    statement(
      '',
      [add('65000:1', '65000:21', '65000:3'), communities('large-community', 'add', ['1:2:3', '1:2:4'])].join('\n'),
    ),
    statement(ifPrefix('low'), communities('community', 'remove', ['^65000:2.$'])),
    statement(ifPrefix('one'), communities('large-community', 'remove', ['1:2:3'])),
    statement(ifPrefix('six'), communities('community', 'replace', ['65000:7'])),
    statement('', communities('ext-community', 'add', ['rt:65000:1', 'rt:65002:1'])),
    statement(ifPrefix('low'), communities('ext-community', 'remove', ['rt:65000:.*'])),
  ),
  'a community set, any': only(
    statement(ifPrefix('low'), add('65000:1')),
    statement(ifPrefix('six'), add('65000:25')),
    statement(ifSet('community', 'two'), set('set-med = "7"'), 'accept-route'),
    statement('', set('set-med = "8"')),
  ),
  'a community set, all': only(
    statement(ifPrefix('low'), add('65000:1')),
    statement(ifPrefix('one'), add('65000:25')),
    statement(ifSet('community', 'two', 'all'), set('set-med = "7"')),
  ),
  'a community set, inverted': only(
    statement(ifPrefix('low'), add('65000:1')),
    statement(ifSet('community', 'plain', 'invert'), '', 'reject-route'),
  ),
  'a community by name and as one number': only(
    statement(ifPrefix('low'), add('no-export')),
    statement(ifPrefix('six'), add('65000:9')),
    statement(ifSet('community', 'word'), '', 'reject-route'),
  ),
  'a set of extended communities': only(
    statement(ifPrefix('low'), communities('ext-community', 'add', ['rt:65001:5'])),
    statement(ifPrefix('one'), communities('ext-community', 'add', ['rt:65002:5'])),
    statement(ifSet('ext-community', 'targets'), add('65000:1')),
    statement(ifSet('ext-community', 'targets', 'all'), add('65000:2')),
  ),
  'a set of large communities': only(
    statement(ifPrefix('low'), communities('large-community', 'add', ['65000:1:2'])),
    statement(ifPrefix('one'), communities('large-community', 'add', ['65000:77:9'])),
    statement(ifSet('large-community', 'larges'), add('65000:1')),
    statement(ifSet('large-community', 'larges', 'all'), add('65000:2')),
    statement(ifSet('large-community', 'larges', 'invert'), add('65000:3')),
  ),
  'a neighbour set': only(
    statement(ifNeighbor('outside'), add('65000:1')),
    statement(ifNeighbor('outside', 'invert'), add('65000:2')),
    statement(ifNeighbor('all'), add('65000:3')),
    statement(ifNeighbor('empty', 'invert'), add('65000:4')),
  ),
  'prefix sets, nested, empty and inverted': only(
    statement(ifPrefix('nested'), add('65000:1')),
    statement(ifPrefix('nested', 'invert'), add('65000:2')),
    statement(ifPrefix('empty'), add('65000:3')),
    statement(ifPrefix('empty', 'invert'), add('65000:4')),
    statement(ifPrefix('six', 'invert'), add('65000:5')),
    statement(ifPrefix('one', 'invert'), add('65000:6')),
  ),
  'a metric, set and added to': only(
    statement(ifPrefix('low'), set('set-med = "100"')),
    statement(ifPrefix('one'), set('set-med = "+10"')),
    statement('', set('set-med = "+4294967200"')),
    statement(ifPrefix('six'), set('set-med = "-200"')),
    statement(ifPrefix('low'), set('set-med = "-5"')),
  ),
  'a metric below zero stays': only(
    statement(ifPrefix('low'), set('set-med = "-5"')),
    statement('', set('set-local-pref = 300')),
  ),
  'a metric of nothing': only(statement('', set('set-med = "-0"'))),
  'the local preference': only(statement(ifPrefix('low'), set('set-local-pref = 250'))),
  'the own AS number prepended': only(
    statement(ifPrefix('low'), prepend('64512', 3)),
    statement(ifPrefix('one'), prepend('last-as', 2)),
    statement(ifPrefix('six'), prepend('last-as', 1)),
  ),
  'AS path sets': only(
    statement(ifPrefix('low'), prepend('64512', 1)),
    statement(ifSet('as-path', 'own'), add('65000:1')),
    statement(ifSet('as-path', 'own', 'invert'), add('65000:2')),
    statement(ifSet('as-path', 'twice', 'all'), add('65000:3')),
  ),
  'lengths of AS paths': only(
    statement(ifPrefix('low'), prepend('64512', 1)),
    statement(ifLength('eq', 1), set('set-med = "1"')),
    statement(ifLength('ge', 2), set('set-med = "2"')),
  ),
  'kinds of routes': only(
    statement(ifBgp('route-type = "local"'), add('65000:1')),
    statement(ifBgp('route-type = "external"'), add('65000:2')),
    statement(ifBgp('rpki-validation-result = "not-found"'), add('65000:3')),
    statement(ifBgp('rpki-validation-result = "valid"'), add('65000:4')),
    statement(ifBgp('afi-safi-in-list = ["ipv6-unicast"]'), add('65000:5')),
    statement(ifBgp('next-hop-in-list = ["192.0.2.0/24"]'), add('65000:6')),
    statement(ifBgp('next-hop-in-list = ["203.0.113.0/24"]'), add('65000:7')),
  ),
  'the next hop': only(
    statement([ifPrefix('low')].join('\n'), set('set-next-hop = "192.0.2.99"')),
    statement(ifPrefix('one'), set('set-next-hop = "self"')),
    statement(ifPrefix('six'), set('set-next-hop = "fd00::99"')),
  ),
  'the next hop is unchanged': only(
    statement(ifPrefix('low'), set('set-next-hop = "192.0.2.99"')),
    statement(ifPrefix('one'), set('set-next-hop = "unchanged"')),
  ),
  'accept ends the policy, and others go on': policyText({
    first: [statement(ifPrefix('one'), mark, 'accept-route'), statement(ifPrefix('low'), add('65000:1'))],
    second: [statement(ifPrefix('low'), add('65000:2'), 'reject-route'), statement('', add('65000:3'))],
  }),
  'the order of the list counts': policyText(
    { first: [statement('', set('set-med = "1"'))], second: [statement('', set('set-med = "2"'))] },
    { exports: ['second', 'first'] },
  ),
  'rejected by default': policyText(
    { p: [statement(ifPrefix('low'), mark), statement(ifPrefix('six'), mark, 'accept-route')] },
    { byDefault: 'reject-route' },
  ),
  'an import policy is for the own routes too': policyText(
    {
      made: [
        statement(ifPrefix('one'), add('65000:1'), 'accept-route'),
        statement(ifPrefix('six'), '', 'reject-route'),
        statement(ifNeighbor('all'), add('65000:2')),
        statement(ifSet('as-path', 'own', 'invert'), [prepend('64512', 1), add('65000:3')].join('\n')),
      ],
      sent: [statement(ifSet('community', 'plain'), set('set-med = "9"')), statement(ifLength('ge', 2), mark)],
    },
    { imports: ['made'], exports: ['sent'] },
  ),
};

/** Statements drawn from all that there are. */
export function randomPolicy(random: Random): string {
  const some = <const T>(from: readonly T[]): T => random.of(from);
  const option = () => some(['any', 'all', 'invert'] as const);
  const condition = () =>
    some([
      '',
      ifPrefix(some(['low', 'one', 'six', 'nested']), some(['any', 'invert'])),
      ifPrefix(some(['low', 'one', 'six', 'nested'])),
      ifNeighbor(some(['outside', 'all']), some(['any', 'invert'])),
      ifSet('community', some(['plain', 'two', 'word']), option()),
      ifSet('large-community', 'larges', option()),
      ifSet('ext-community', 'targets', some(['any', 'all'])),
      ifSet('as-path', some(['own', 'twice']), option()),
      ifLength(some(['eq', 'ge', 'le']), 1 + random.below(3)),
    ]);
  const action = () =>
    some([
      add(some(['65000:1', '65000:25', 'no-export', '65000:9'])),
      communities('community', some(['remove', 'replace']), [some(['65000:1', '65000:25'])]),
      communities('large-community', some(['add', 'remove', 'replace']), [some(['65000:1:2', '65000:5:9'])]),
      communities('ext-community', some(['add', 'remove']), [some(['rt:65000:5', 'rt:65002:5'])]),
      set(`set-med = "${some(['', '+', '-'])}${random.below(50)}"`),
      set(`set-local-pref = ${1 + random.below(500)}`),
      set(`set-next-hop = "${some(['self', '192.0.2.77'])}"`),
      prepend(some(['64512', 'last-as']), 1 + random.below(2)),
    ]);
  const statements = () =>
    Array.from({ length: 1 + random.below(5) }, () =>
      statement(condition(), action(), some(['', '', '', 'accept-route', 'reject-route'])),
    );
  const policies = { a: statements(), b: statements(), c: statements() };
  return policyText(policies, {
    imports: some([[], ['a']]),
    exports: some([['b'], ['b', 'c'], ['c', 'b']]),
    byDefault: some(['accept-route', 'accept-route', 'reject-route']),
  });
}
