/** Reports names in a Service's Eip annotation that no usable Eip has, with a suggestion. PURE. */

import { SERVICE_ANNOTATIONS } from '../../api/keys.ts';
import { quote } from '../../api/problem.ts';
import type { AddressRequest } from '../../api/service/address-request.ts';
import { didYouMean } from '../../api/service/did-you-mean.ts';
import { parseAddress } from '../../net/address.ts';
import { parseRange, rangeCovers } from '../../net/range.ts';
import type { Pools } from './pools.ts';

const MOST_NAMED = 5;
const PLAIN_NAME = /^[a-z0-9.-]{1,63}$/;

/** @returns undefined if every name is an Eip's. */
export function unknownEips({ eipNames }: AddressRequest, pools: Pools): string | undefined {
  const unknown = eipNames.filter((name) => !pools.byName.has(name));
  if (unknown.length === 0) return undefined;
  const [first = ''] = unknown;
  if (pools.overlapping.has(first)) {
    return `Eip ${first} overlaps the older Eip ${pools.overlapping.get(first)}; change or delete one of them`;
  }
  return `there is no usable Eip named ${typedNames(unknown)}; ${remedyFor(unknown, eipNames, pools)}`;
}

function remedyFor(unknown: readonly string[], named: readonly string[], pools: Pools): string {
  const [first = ''] = unknown;
  if (parseAddress(first)) {
    return `to request an address, write it in the annotation ${SERVICE_ANNOTATIONS.address[0]}`;
  }
  const parts = first.split(/[\s;]+/);
  if (parts.length > 1) return `where several are meant, write commas between them, as in ${quote(parts.join(','))}`;
  const range = parseRange(first);
  if (range.ok) {
    const having = [...pools.byName.values()].find((eip) => rangeCovers(eip.range, range.range));
    return having ? `did you mean ${having.name}?` : 'name an Eip that has these addresses, or create one';
  }
  const others = [...pools.byName.keys(), ...pools.overlapping.keys()].filter((other) => !named.includes(other));
  const meant = unknown.slice(0, MOST_NAMED).map((name) => meantBy(name, others));
  const areSure = meant.every((one) => one !== undefined) && new Set(meant).size === unknown.length;
  return areSure ? `did you mean ${meant.join(', ')}?` : 'create or mend it, or name another';
}

/** The name as written, or without surrounding text: `eip/web`, `"web"`. */
function meantBy(name: string, others: readonly string[]): string | undefined {
  const bare = name.replace(/^.*\/(?=.)|\/\d*$/g, '').replaceAll(/["'`[\]{}()]/g, '');
  return didYouMean(name, others) ?? didYouMean(bare, others);
}

/** Text of a user, of any content and length. An address in it is hidden, since the message would seem to say that it was given. */
function typedNames(names: readonly string[]): string {
  const shown = names
    .slice(0, MOST_NAMED)
    .map((name) => (PLAIN_NAME.test(name) && !parseAddress(name) ? name : quote(name)));
  const more = names.length - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}
