/**
 * Checks an Eip against the other Eips and the addresses in use, which no schema can do.
 *
 * An update is judged by its changes. An Eip that overlapped another before (two creations raced while the webhook was away) still accepts labels and the removal of a
 * finalizer. Growing is allowed; shrinking is refused only under a live address.
 */
import { compareAddresses, formatAddress, parseAddress } from '../../net/address.ts';
import { rangeContains, rangesOverlap, rangeText, sameRange } from '../../net/range.ts';
import { DEFAULT_EIP_ANNOTATIONS, RELEASE_ADDRESSES_ANNOTATION } from '../keys.ts';
import { type Problem, quote } from '../problem.ts';
import { asksToBeDefault, type Eip } from './eip.ts';

/** A given address of the Eip, with the `namespace/name` of its holders. */
export interface LiveAddress {
  readonly address: string;
  readonly services: readonly string[];
}

/** A message names this many addresses, then counts the rest. */
const MOST_NAMED = 5;

/**
 * @param old the Eip as stored; undefined at creation, or if the stored Eip has problems.
 * @param others the Eips to compare with; one of the same name is skipped.
 * @param liveAddresses called only if the addresses change.
 */
export function validateEip(
  eip: Eip,
  others: readonly Eip[],
  old: Eip | undefined,
  liveAddresses: (eipName: string) => readonly LiveAddress[],
): Problem[] {
  const rest = others.filter((other) => other.name !== eip.name).sort((a, b) => (a.name < b.name ? -1 : 1));
  const moved = old === undefined || !sameRange(old.range, eip.range);
  return [
    ...(moved ? overlaps(eip, rest) : []),
    ...(isNewDefault(eip, old) ? secondDefault(eip, rest) : []),
    ...(isAtOdds(eip) && !(old && isAtOdds(old)) ? [AT_ODDS] : []),
    ...(old && moved ? strandedAddresses(eip, old, liveAddresses(eip.name)) : []),
  ];
}

function overlaps(eip: Eip, others: readonly Eip[]): Problem[] {
  return others
    .filter((other) => rangesOverlap(other.range, eip.range))
    .map((other) => ({
      field: 'spec.address',
      value: rangeText(eip.range),
      message: `overlaps Eip "${other.name}" (${rangeText(other.range)}); write addresses that no other Eip has`,
    }));
}

/** One Eip of each family may be the default. */
function isNewDefault(eip: Eip, old: Eip | undefined): boolean {
  const was = old !== undefined && asksToBeDefault(old) && old.range.family === eip.range.family;
  return asksToBeDefault(eip) && !was;
}

/** The default serves Services that name no Eip, so it cannot be only for Services that name it. */
function isAtOdds({ isDefault, autoAssign }: Eip): boolean {
  return isDefault && !autoAssign;
}

const AT_ODDS: Problem = {
  field: 'spec.autoAssign',
  value: 'false',
  message: `keeps the addresses for Services that name the Eip, and the annotation ${DEFAULT_EIP_ANNOTATIONS[0]} gives them to Services that name none; remove one of the two`,
};

function secondDefault({ range: { family } }: Eip, others: readonly Eip[]): Problem[] {
  const other = others.find((one) => asksToBeDefault(one) && !one.isDeleting && one.range.family === family);
  if (!other) return [];
  return [
    {
      field: `metadata.annotations[${DEFAULT_EIP_ANNOTATIONS[0]}]`,
      value: 'true',
      message: `would make a second default Eip for IPv${family}; remove the annotation from Eip "${other.name}" first`,
    },
  ];
}

/** An address that the stored Eip lacked already is no reason to refuse an update. */
function strandedAddresses(eip: Eip, old: Eip, live: readonly LiveAddress[]): Problem[] {
  const stranded = live.filter(({ address: text }) => {
    const address = parseAddress(text);
    return address && rangeContains(old.range, address) && !rangeContains(eip.range, address);
  });
  if (stranded.length === 0) return [];
  return [
    {
      field: 'spec.address',
      value: rangeText(eip.range),
      message: `leaves out addresses in use: ${nameAddresses(stranded)}; keep them in the Eip, or delete those Services first`,
    },
  ];
}

/** Why an Eip is not deleted. */
export function eipInUseText(name: string, inUse: readonly LiveAddress[]): string {
  return `Eip ${quote(name)} has addresses in use: ${nameAddresses(inUse)}; have these Services name another Eip first, or delete them. To take the addresses from them: kubectl annotate eip ${name} ${RELEASE_ADDRESSES_ANNOTATION}=true`;
}

/** `192.0.2.1 (shop/web), 192.0.2.2 (shop/api) and 3 more`. */
export function nameAddresses(live: readonly LiveAddress[]): string {
  const parsed = live.flatMap(({ address: text, services }) => {
    const address = parseAddress(text);
    return address ? [{ address, services }] : [];
  });
  const sentences = parsed
    .sort((a, b) => compareAddresses(a.address, b.address))
    .map(({ address, services }) => `${formatAddress(address)} (${[...services].sort().join(', ')})`);
  const more = sentences.length > MOST_NAMED ? ` and ${sentences.length - MOST_NAMED} more` : '';
  return `${sentences.slice(0, MOST_NAMED).join(', ')}${more}`;
}
