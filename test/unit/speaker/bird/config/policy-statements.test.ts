/** A policy sees the attributes that the routes have by their Eip. */

import type { RouteAttributes } from '../../../../../lib/api/eip/eip-bgp.ts';
import { parseRoutePolicy } from '../../../../../lib/api/policy/parse-route-policy.ts';
import type { ChannelFacts } from '../../../../../speaker/bird/config/policy/context.ts';
import { policyStatements } from '../../../../../speaker/bird/config/policy/policy-statements.ts';
import { ifPrefix, ifSet, policyText, prepend, set, statement } from '../../../../support/policies.ts';

const facts = (attributes: Partial<RouteAttributes>, atAccept: readonly string[] = []): ChannelFacts => ({
  atAccept,
  family: 4,
  neighbor: { family: 4, first: 1n, last: 1n },
  ownAs: 64512,
  nodeAddress: { family: 4, value: 11n },
  isOverOtherFamily: false,
  attributes: [{ communities: [], asPathPrepend: 0, ...attributes }],
});

function statements(text: string, attributes: Partial<RouteAttributes>, atAccept: readonly string[] = []): string {
  const parsed = parseRoutePolicy(text);
  if (!parsed.ok) throw new Error('Cannot read the policy');
  return policyStatements(parsed.value.policy, facts(attributes, atAccept)).join('\n');
}

it.each<
  [string, RouteAttributes['communities'][number], 'community' | 'large-community' | 'ext-community', string, string]
>([
  [
    'a community',
    { kind: 'standard', numbers: [65000, 27] },
    'community',
    'two',
    'bgp_community ~ [(65000,1), (65000,27)]',
  ],
  [
    'a large one',
    { kind: 'large', numbers: [65000, 5, 9] },
    'large-community',
    'larges',
    'bgp_large_community ~ [(65000,1,2), (65000,5,9)]',
  ],
  [
    'an extended one',
    { kind: 'extended', numbers: [0x2fde9, 7] },
    'ext-community',
    'targets',
    'bgp_ext_community ~ [(generic, 0x2fde9, 0x7)]',
  ],
])('%s of an Eip is matched by an expression', (_, community, kind, name, expected) => {
  const text = policyText({ p: [statement(ifSet(kind, name), '', 'reject-route')] });
  expect(statements(text, { communities: [community] })).toContain(expected);
  expect(statements(text, {})).not.toContain(expected);
});

it('a path that an Eip prepends is one of those that an AS path set is decided by', () => {
  const text = policyText({
    p: [statement(ifSet('as-path', 'twice'), set('set-med = "5"')), statement('', prepend('last-as', 1))],
  });
  expect(statements(text, { asPathPrepend: 1 })).toContain('if bgp_path ~ [= 64512 =] then {');
  expect(statements(text, {})).not.toContain('bgp_med = 5');
});

it('nothing stands behind the end of a policy', () => {
  const text = policyText({ p: [statement('', '', 'reject-route'), statement('', set('set-med = "5"'))] });
  expect(statements(text, {})).toBe('reject;');
});

it('what every route gets at last stands before each way out', () => {
  const text = policyText({
    p: [statement(ifPrefix('one'), '', 'accept-route'), statement(ifPrefix('low'), '', 'reject-route')],
  });
  expect(statements(text, {}, ['last;']).split('\n')).toEqual([
    'if net ~ [198.51.100.1/32{32,32}] then {',
    '  last;',
    '  accept;',
    '}',
    'if net ~ [198.51.100.0/25{25,32}] then {',
    '  reject;',
    '}',
    'last;',
  ]);
});
