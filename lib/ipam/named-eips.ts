/** The names in a Service's Eip annotation that no Eip which counts has: said, with what was probably meant. PURE. */
import { didYouMean } from '../api/did-you-mean.ts';
import { SERVICE_ANNOTATIONS } from '../api/keys.ts';
import { quote } from '../api/problem.ts';
import type { Wants } from '../api/wants.ts';
import { parseAddress } from '../net/address.ts';
import { parseRange } from '../net/range.ts';
import type { Pools } from './pools.ts';

const MOST_NAMED = 5;
const PLAIN_NAME = /^[a-z0-9.-]{1,63}$/;

/** @returns undefined where every name is an Eip's. */
export function unknownEips({ eipNames }: Wants, pools: Pools): string | undefined {
  const unknown = eipNames.filter((name) => !pools.byName.has(name));
  if (unknown.length === 0) return undefined;
  const [first = ''] = unknown;
  if (pools.overlapping.has(first)) {
    return `Eip ${first} overlaps the older Eip ${pools.overlapping.get(first)}; change or delete one of them`;
  }
  return `there is no usable Eip named ${typedNames(unknown)}; ${remedyFor(first, eipNames, pools)}`;
}

function remedyFor(name: string, named: readonly string[], pools: Pools): string {
  if (parseAddress(name)) return `to request an address, write it in the annotation ${SERVICE_ANNOTATIONS.address[0]}`;
  const parts = name.split(/[\s;]+/);
  if (parts.length > 1) return `where several are meant, write commas between them, as in ${quote(parts.join(','))}`;
  if (parseRange(name).ok) return 'name an Eip that has these addresses, or create one';
  const others = [...pools.byName.keys(), ...pools.overlapping.keys()].filter((other) => !named.includes(other));
  const isOnly = named.every((other) => other === name || pools.byName.has(other));
  const meant = isOnly ? didYouMean(name, others) : undefined;
  return meant === undefined ? 'create or mend it, or name another' : `did you mean ${meant}?`;
}

/** What a user wrote, which may be anything and any length. An address in a message would be taken for one that was given. */
function typedNames(names: readonly string[]): string {
  const shown = names
    .slice(0, MOST_NAMED)
    .map((name) => (PLAIN_NAME.test(name) && !parseAddress(name) ? name : quote(name)));
  const more = names.length - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}
