/**
 * The Eips as a whole: which counts where two overlap, which holds an address, which a Service without a name for one may use.
 *
 * Overlaps are refused at admission, but two creations may race and the webhook may be away: then the older Eip counts (by
 * creation time, then name), and every component comes to the same result.
 */
import { type Eip, isBound } from '../api/eip.ts';
import type { Address } from '../net/address.ts';
import { rangeContains, rangesOverlap } from '../net/range.ts';

export interface Pools {
  /** All that count, by name. */
  readonly byName: ReadonlyMap<string, Eip>;
  /** Eips that overlap an older one, with that one's name. They give no address. */
  readonly overlapping: ReadonlyMap<string, string>;
  readonly hasDefault: boolean;
  containing(address: Address): Eip | undefined;
  /**
   * The Eips for a Service that names none, in the order they are tried: those bound to its namespace, the default,
   * then those bound to nothing. Within each the smaller priority number first, then the name.
   */
  automaticFor(namespace: string, labels: Readonly<Record<string, string>>): readonly Eip[];
}

export function buildPools(eips: Iterable<Eip>): Pools {
  const accepted: Eip[] = [];
  const overlapping = new Map<string, string>();
  for (const eip of [...eips].sort(byAge)) {
    const older = accepted.find((other) => rangesOverlap(other.range, eip.range));
    if (older) overlapping.set(eip.name, older.name);
    else accepted.push(eip);
  }
  const byPreference = [...accepted].sort((a, b) => a.priority - b.priority || compareText(a.name, b.name));
  return {
    byName: new Map(accepted.map((eip) => [eip.name, eip])),
    overlapping,
    hasDefault: accepted.some((eip) => eip.isDefault),
    containing: (address) => accepted.find((eip) => rangeContains(eip.range, address)),
    automaticFor: (namespace, labels) => [
      ...byPreference.filter((eip) => isBound(eip) && isBoundTo(eip, namespace, labels)),
      ...byPreference.filter((eip) => !isBound(eip) && eip.isDefault),
      ...byPreference.filter((eip) => !isBound(eip) && !eip.isDefault),
    ],
  };
}

function isBoundTo(eip: Eip, namespace: string, labels: Readonly<Record<string, string>>): boolean {
  if (eip.namespaces.has(namespace)) return true;
  if (!eip.namespaceSelector) return false;
  return Object.entries(eip.namespaceSelector).every(([key, value]) => labels[key] === value);
}

function byAge(a: Eip, b: Eip): number {
  return compareText(a.createdAt, b.createdAt) || compareText(a.name, b.name);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
