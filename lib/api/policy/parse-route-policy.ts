/**
 * Reads a policy in GoBGP's configuration format (`docs/sources/policy.md` of GoBGP; OpenELB has it in a ConfigMap): TOML → {@link RoutePolicy}.
 *
 * GoBGP applies the import policies to the routes that are made on the node too, so both lists count. What is not understood is a problem with its line, so
 * that no route goes out by half a policy; GoBGP's other sections, which OpenELB does not look at, are told in a note.
 */
import type { Parsed } from '../problem.ts';
import { readActions } from './actions.ts';
import { readConditions } from './conditions.ts';
import { type DefinedSets, readDefinedSets } from './defined-sets.ts';
import { limitProblems } from './limits.ts';
import type { PolicyChain, RoutePolicy, Statement } from './route-policy.ts';
import { type Findings, POLICY_KEY, Section } from './toml/section.ts';
import { parseToml } from './toml/toml.ts';

export interface NotedPolicy {
  readonly policy: RoutePolicy;
  /** What has no effect, one sentence each. */
  readonly notes: readonly string[];
}

/** Sections of GoBGP's configuration that OpenELB does not read. */
const OTHER_SECTIONS = [
  'neighbors',
  'peer-groups',
  'rpki-servers',
  'bmp-servers',
  'vrfs',
  'mrt-dump',
  'zebra',
  'collector',
  'dynamic-neighbors',
];

export function parseRoutePolicy(text: string): Parsed<NotedPolicy> {
  const toml = parseToml(text);
  if (!toml.ok) {
    return {
      ok: false,
      problems: [{ field: `${POLICY_KEY} line ${toml.line}`, message: `is no TOML: ${toml.message}` }],
    };
  }
  const findings: Findings = { problems: [], notes: [] };
  const root = new Section(toml.table, '', findings);
  const policy = readPolicy(root);
  for (const key of OTHER_SECTIONS) {
    if (root.keys.includes(key)) root.note(key, 'has no effect; BgpPeers and the BgpConf say it');
  }
  root.end();
  const problems = [...findings.problems].sort((a, b) => a.line - b.line).map(({ line: _, ...problem }) => problem);
  const all = problems.length > 0 ? problems : limitProblems(policy);
  return all.length > 0 ? { ok: false, problems: all } : { ok: true, value: { policy, notes: findings.notes } };
}

function readPolicy(root: Section): RoutePolicy {
  const sets = readDefinedSets(root.section('defined-sets'));
  const definitions = readDefinitions(root.sections('policy-definitions'), sets);
  const global = root.section('global');
  for (const key of global.keys) {
    if (key !== 'apply-policy') global.note(key, 'has no effect; the BgpConf says it');
  }
  const apply = global.section('apply-policy');
  const config = apply.section('config');
  const policy = {
    imports: chainOf(config, 'import', definitions),
    exports: chainOf(config, 'export', definitions),
  };
  // GoBGP has them for its route server only.
  for (const key of ['in-policy-list', 'default-in-policy']) {
    if (config.keys.includes(key)) config.note(key, 'has no effect');
  }
  config.end();
  apply.end();
  return policy;
}

function chainOf(
  config: Section,
  direction: 'import' | 'export',
  definitions: ReadonlyMap<string, readonly Statement[]>,
): PolicyChain {
  const key = `${direction}-policy-list`;
  const seen = new Set<string>();
  const statements = config.words(key).flatMap((word) => {
    const found = definitions.get(word.text);
    if (!found) config.refuse(key, 'is the name of no policy; define the policy, or name another', word);
    else if (seen.has(word.text)) config.refuse(key, 'is in the list twice', word);
    seen.add(word.text);
    return found ?? [];
  });
  const byDefault = config.choice(`default-${direction}-policy`, ['accept-route', 'reject-route']);
  return { statements, acceptsByDefault: byDefault === 'accept-route' };
}

function readDefinitions(sections: readonly Section[], sets: DefinedSets): Map<string, readonly Statement[]> {
  const definitions = new Map<string, readonly Statement[]>();
  const names = new Set<string>();
  for (const section of sections) {
    const name = section.word('name')?.text;
    const statements = section.sections('statements').map((one) => readStatement(one, sets, names));
    if (name === undefined) section.refuse('name', 'is missing; give the policy a name');
    else if (definitions.has(name)) section.refuse('name', 'is the name of an earlier policy; give this one another');
    else definitions.set(name, statements);
    section.end();
  }
  return definitions;
}

/** @param names of the statements so far; GoBGP wants each once. */
function readStatement(section: Section, sets: DefinedSets, names: Set<string>): Statement {
  const name = section.word('name')?.text;
  if (name !== undefined && names.has(name)) {
    section.refuse('name', 'is the name of an earlier statement; give this one another');
  }
  if (name !== undefined) names.add(name);
  const conditions = readConditions(section.section('conditions'), sets);
  const actionsSection = section.section('actions');
  const actions = readActions(actionsSection);
  const disposition = actionsSection.choice('route-disposition', ['none', 'accept-route', 'reject-route']);
  if (actionsSection.keys.includes('igp-actions'))
    actionsSection.refuse('igp-actions', 'has no effect on BGP; remove it');
  actionsSection.end();
  section.end();
  return {
    line: section.line,
    conditions,
    actions,
    ...(disposition !== 'none' && { disposition: disposition === 'accept-route' ? 'accept' : 'reject' }),
  };
}
