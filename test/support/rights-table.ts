/** The rights that docs/security.md lists, one text for each account, place, resource, verb and name: `webhook cluster list services –`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Rows of the first table of the page with these columns, without its head. */
export function tableRows(page: string, head: string): string[][] {
  const lines = page.split('\n');
  const start = lines.indexOf(head);
  if (start < 0) throw new Error(`Cannot find the table "${head}" in docs/security.md`);
  const rest = lines.slice(start + 2);
  return rest.slice(0, rest.indexOf('')).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

export const SECURITY_PAGE = readFileSync(join(import.meta.dirname, '../../docs/security.md'), 'utf8');

export function documentedRights(): string[] {
  const rows = tableRows(SECURITY_PAGE, '| account | in | resources | verbs | names | purpose |');
  return rows
    .flatMap(([account = '', place = '', resources = '', verbs = '', names = '']) =>
      rightsOf(account, place, resources.split(', '), verbs.split(', '), names.split(', ')),
    )
    .sort();
}

/** @param resources such as `eips.network.kubesphere.io` or `services/status`. */
export function rightsOf(
  account: string,
  place: string,
  resources: readonly string[],
  verbs: readonly string[],
  names: readonly string[],
): string[] {
  return resources.flatMap((resource) =>
    verbs.flatMap((verb) => names.map((name) => [account, place, verb, resource, name].join(' '))),
  );
}

interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** The same texts for a rule as Kubernetes writes it. */
export function rightsOfRule(account: string, place: string, rule: Rule): string[] {
  const { apiGroups = [], resources = [], resourceNames = [], verbs } = rule;
  const full = apiGroups.flatMap((group) => resources.map((resource) => (group ? `${resource}.${group}` : resource)));
  return rightsOf(account, place, full, verbs, resourceNames.length > 0 ? resourceNames : ['–']);
}
