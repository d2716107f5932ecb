/**
 * The entries of community sets and AS path sets. They are Go's regular expressions (RE2), which re2js reads and matches as Go does, in linear time; with
 * GoBGP's rules for what is anchored.
 */
import { RE2JS } from 're2js';
import { parseCommunity, SUBTYPES, split } from './communities.ts';
import type { AsPathPattern, CommunityKind, CommunityPattern } from './route-policy.ts';

const NUMBERS_ONLY = /^(\d+.)*\d+:\d+$/;
const THREE_NUMBERS = /\d+:\d+:\d+/;
/** GoBGP's `_`, Quagga's: a border between AS numbers. */
const BORDER = '(^|[,{}() ]|$)';

/** @returns undefined where the text is none. */
export function parseCommunityPattern(kind: CommunityKind, text: string): CommunityPattern | undefined {
  const [type, value] = kind === 'extended' ? split(text) : ['', text];
  const subtype = kind === 'extended' ? SUBTYPES[type.toLowerCase()] : undefined;
  if (kind === 'extended' && subtype === undefined) return undefined;
  const literal = parseCommunity(kind, text);
  const isNumbers = kind === 'large' ? THREE_NUMBERS.test(value) : NUMBERS_ONLY.test(value);
  const expression = isWord(kind, value) && literal ? `^${literal.text}$` : isNumbers ? `^${value}$` : value;
  const matchesText = matcher(expression);
  if (!matchesText) return undefined;
  return {
    ...(literal && { literal }),
    matches: (community) => community.subtype === subtype && matchesText(community.text),
  };
}

/** `no-export`, or a community as one number. */
function isWord(kind: CommunityKind, value: string): boolean {
  return kind === 'standard' && (/^\d+$/.test(value) || /^[a-z][a-z0-9_-]*$/i.test(value));
}

const SINGLE = /^([\^_])(\d+)([_$])$/;

/** @returns undefined where the text is none. */
export function parseAsPathPattern(text: string): AsPathPattern | undefined {
  const [, before, digits, after] = SINGLE.exec(text) ?? [];
  if (digits !== undefined) {
    const as = Number(digits);
    const single = `${before}${after}`;
    if (single === '^_') return (path) => path[0] === as;
    if (single === '_$') return (path) => path.at(-1) === as;
    if (single === '__') return (path) => path.includes(as);
    return (path) => path.length === 1 && path[0] === as;
  }
  const matchesText = matcher(text.replaceAll('_', BORDER));
  return matchesText && ((path) => matchesText(path.join(' ')));
}

function matcher(expression: string): ((text: string) => boolean) | undefined {
  try {
    const compiled = RE2JS.compile(expression);
    return (text) => compiled.matcher(text).find();
  } catch {
    return undefined;
  }
}
