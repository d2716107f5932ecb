/** Numbers and addresses as BIRD's filter language has them. */
import type { Community, CommunityKind } from '../../../../lib/api/policy/route-policy.ts';

export const COMMUNITY_ATTRIBUTES: Readonly<Record<CommunityKind, string>> = {
  standard: 'bgp_community',
  extended: 'bgp_ext_community',
  large: 'bgp_large_community',
};

export function communityLiteral(kind: CommunityKind, { numbers }: Community): string {
  if (kind !== 'extended') return `(${numbers.join(',')})`;
  return `(generic, ${numbers.map((number) => `0x${number.toString(16)}`).join(', ')})`;
}

/** Each once, in the order given. */
export function communitySet(kind: CommunityKind, communities: readonly Community[]): string {
  return `[${[...new Set(communities.map((one) => communityLiteral(kind, one)))].join(', ')}]`;
}

/** `true` and `false` are decided already. */
export type Expression = boolean | string;

export function not(expression: Expression): Expression {
  return typeof expression === 'boolean' ? !expression : `! (${expression})`;
}

export function and(expressions: readonly Expression[]): Expression {
  return expressions.includes(false) ? false : joined(expressions, true, ' && ');
}

export function or(expressions: readonly Expression[]): Expression {
  return expressions.includes(true) ? true : joined(expressions, false, ' || ');
}

/** Without the expressions that change nothing. */
function joined(expressions: readonly Expression[], neutral: boolean, operator: string): Expression {
  const open = expressions.filter((one) => one !== neutral);
  const [only] = open;
  if (only === undefined) return neutral;
  return open.length === 1 ? only : open.map((one) => `(${one})`).join(operator);
}
