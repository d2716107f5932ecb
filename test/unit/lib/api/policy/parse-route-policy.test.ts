/** What is wrong with a policy is said with its line; what GoBGP accepts and a speaker can do is read. */
import fc from 'fast-check';
import { foreignPrependNotes } from '../../../../../lib/api/policy/foreign-prepends.ts';
import { parseRoutePolicy } from '../../../../../lib/api/policy/parse-route-policy.ts';
import { formatProblems } from '../../../../../lib/api/problem.ts';
import { policyText, prepend, statement, TABLE } from '../../../../support/policies.ts';

function problemsOf(text: string): string {
  const parsed = parseRoutePolicy(text);
  return parsed.ok ? '' : formatProblems(parsed.problems);
}

const IN_STATEMENT = '[[policy-definitions]]\nname = "p"\n[[policy-definitions.statements]]\n';

it.each(Object.entries(TABLE))('%s is read', (_, text) => {
  expect(problemsOf(text)).toBe('');
});

it.each<[string, string, RegExp]>([
  ['no TOML', 'a = 1\nb = [1,\n', /^gobgp\.conf line 3: is no TOML/],
  ['a key twice', 'global = {}\nglobal = {}\n', /^gobgp\.conf line 2: is no TOML/],
  ['an unknown section', 'a = 1\n\npolicies = []\n', /^gobgp\.conf line 1: a: "1" is not supported/],
  [
    'an unknown key of a statement',
    `${IN_STATEMENT}conditons = {}\n`,
    /^gobgp\.conf line 4: policy-definitions\.statements\.conditons: is not supported/,
  ],
  [
    'a policy that is not there',
    '[global.apply-policy.config]\nexport-policy-list = [\n  "p",\n]\n',
    /^gobgp\.conf line 3: global\.apply-policy\.config\.export-policy-list: "p" is the name of no policy/,
  ],
  [
    'a policy twice in the list',
    `${IN_STATEMENT}[global.apply-policy.config]\nexport-policy-list = ["p", "p"]\n`,
    /^gobgp\.conf line 5: .*: "p" is in the list twice$/,
  ],
  [
    'a policy of a name that is taken',
    `${IN_STATEMENT}${IN_STATEMENT}`,
    /^gobgp\.conf line 5: policy-definitions\.name: "p" is the name/,
  ],
  [
    'a set that is not there',
    `${IN_STATEMENT}conditions.match-prefix-set.prefix-set = "x"\n`,
    /^gobgp\.conf line 4: .*match-prefix-set\.prefix-set: "x" is the name of no set/,
  ],
  [
    'a disposition',
    `${IN_STATEMENT}actions.route-disposition = "deny"\n`,
    /^gobgp\.conf line 4: .*route-disposition: "deny" is unknown; write "none" or "accept-route" or "reject-route"$/,
  ],
  [
    'a default',
    '[global.apply-policy.config]\ndefault-export-policy = "reject"\n',
    /line 2: .*: "reject" is unknown; write "accept-route"/,
  ],
  [
    'a metric',
    `${IN_STATEMENT}actions.bgp-actions.set-med = "+5000000000"\n`,
    /line 4: .*set-med: "\+5000000000" is no metric/,
  ],
  [
    'a community',
    `${IN_STATEMENT}actions.bgp-actions.set-community = { options = "add", set-community-method.communities-list = ["65000:70000"] }\n`,
    /line 4: .*communities-list: "65000:70000" can't be read/,
  ],
  [
    'an option',
    `${IN_STATEMENT}actions.bgp-actions.set-community = { options = "put", set-community-method.communities-list = ["1:1"] }\n`,
    /line 4: .*options: "put" is unknown/,
  ],
  [
    'an AS number',
    `${IN_STATEMENT}actions.bgp-actions.set-as-path-prepend = { as = "65000.1", repeat-n = 1 }\n`,
    /line 4: .*as: "65000.1" is no AS number/,
  ],
  [
    'a count',
    `${IN_STATEMENT}actions.bgp-actions.set-as-path-prepend = { as = "65000", repeat-n = 256 }\n`,
    /line 4: .*repeat-n: "256" is not a whole number/,
  ],
  [
    'a next hop',
    `${IN_STATEMENT}actions.bgp-actions.set-next-hop = "router"\n`,
    /line 4: .*set-next-hop: "router" is no next hop/,
  ],
  [
    'a condition that GoBGP ignores',
    `${IN_STATEMENT}conditions.bgp-conditions.med-eq = 5\n`,
    /line 4: .*med-eq: "5" is read by GoBGP and has no effect/,
  ],
  ['a tag set', '[[defined-sets.tag-sets]]\ntag-set-name = "t"\n', /line 1: defined-sets\.tag-sets: is not supported/],
  [
    'a prefix',
    '[[defined-sets.prefix-sets]]\nprefix-set-name = "s"\nprefix-list = [{ ip-prefix = "203.0.113.0" }]\n',
    /line 3: .*ip-prefix: "203\.0\.113\.0" is no prefix/,
  ],
  [
    'lengths of prefixes',
    '[[defined-sets.prefix-sets]]\nprefix-set-name = "s"\nprefix-list = [{ ip-prefix = "203.0.113.0/24", masklength-range = "32..24" }]\n',
    /line 3: .*masklength-range: "32\.\.24" is no range/,
  ],
  [
    'prefixes of both families',
    '[[defined-sets.prefix-sets]]\nprefix-set-name = "s"\n[[defined-sets.prefix-sets.prefix-list]]\nip-prefix = "203.0.113.0/24"\n[[defined-sets.prefix-sets.prefix-list]]\nip-prefix = "2001:db8::/64"\n',
    /line 6: .*ip-prefix: "2001:db8::\/64" is of another family/,
  ],
  [
    'a regular expression',
    '[[defined-sets.bgp-defined-sets.as-path-sets]]\nas-path-set-name = "s"\nas-path-list = ["(65000"]\n',
    /line 3: .*as-path-list: "\(65000" can't be read/,
  ],
  [
    'an extended community without a type',
    '[[defined-sets.bgp-defined-sets.ext-community-sets]]\next-community-set-name = "s"\next-community-list = ["65000:1"]\n',
    /line 3: .*ext-community-list: "65000:1" can't be read; write one such as "rt:65000:100"/,
  ],
])('%s that is wrong is named with its line', (_, text, expected) => {
  expect(problemsOf(text)).toMatch(expected);
});

it('the first problem comes first, wherever it is read', () => {
  const text = `${IN_STATEMENT}actions.route-disposition = "deny"\n[[defined-sets.prefix-sets]]\n`;
  expect(problemsOf(text)).toMatch(/^gobgp\.conf line 4: .*; gobgp\.conf line 5: .*prefix-set-name: is missing/);
});

it('too many AS paths are refused where they become too many', () => {
  const doubling = Array.from({ length: 8 }, (_, i) =>
    statement('conditions.match-neighbor-set = { neighbor-set = "all" }', prepend('64512', 2 ** i)),
  );
  const last = statement('', prepend('last-as', 1));
  const more = statement('conditions.match-neighbor-set = { neighbor-set = "all" }', prepend('64512', 100));
  expect(problemsOf(policyText({ p: [...doubling, more, last] }))).toMatch(/prepends to so many different AS paths/);
  expect(problemsOf(policyText({ p: [...doubling, last] }))).toBe('');
});

it('a next hop of the import policy that the export policy asks about is refused', () => {
  const bgp = (line: string) => statement('', `[policy-definitions.statements.actions.bgp-actions]\n${line}`);
  const policies = { made: [bgp('set-next-hop = "192.0.2.9"')], sent: [bgp('set-next-hop = "unchanged"')] };
  expect(problemsOf(policyText(policies, { imports: ['made'], exports: ['sent'] }))).toMatch(
    /depends on a next hop that an import policy sets/,
  );
});

it('sections that OpenELB does not read are noted', () => {
  const parsed = parseRoutePolicy('[global.config]\nas = 64512\n[[neighbors]]\n');
  expect(parsed).toMatchObject({
    ok: true,
    value: {
      notes: [
        'gobgp.conf line 1: global.config has no effect; the BgpConf says it',
        'gobgp.conf line 3: neighbors has no effect; BgpPeers and the BgpConf say it',
      ],
    },
  });
});

it("an AS number that is not the nodes' own is noted", () => {
  const parsed = parseRoutePolicy(
    policyText({ p: [statement('', prepend('64512', 1)), statement('', prepend('65005', 1))] }),
  );
  const conf = {
    name: 'default',
    as: 64512,
    asPerRack: new Map(),
    listenPort: 179,
    dialOnly: false,
    announcedByCni: false,
  };
  const notes = parsed.ok ? foreignPrependNotes(parsed.value.policy, conf as never) : [];
  expect(notes).toEqual([expect.stringMatching(/^gobgp\.conf line \d+: AS 65005 is not the nodes' own/)]);
});

it('any text is read or refused, and never throws', () => {
  const piece = fc.oneof(
    fc.constantFrom(...Object.values(TABLE).flatMap((text) => text.split('\n').filter((line) => line.trim() !== ''))),
    fc.string({ maxLength: 30 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (lines) => {
      expect(typeof problemsOf(lines.join('\n'))).toBe('string');
    }),
    { numRuns: 200 },
  );
});

it('an expression that takes an engine with backtracking for ever is matched at once', () => {
  const text = policyText({
    p: [statement('conditions.bgp-conditions.match-as-path-set.as-path-set = "evil"', prepend('last-as', 200))],
  });
  const evil =
    '[[defined-sets.bgp-defined-sets.as-path-sets]]\nas-path-set-name = "evil"\nas-path-list = ["(([0-9 ]+)+)+x"]\n';
  const startedMs = performance.now();
  expect(problemsOf(`${evil}${text}`)).toBe('');
  expect(performance.now() - startedMs).toBeLessThan(5_000);
});
