/**
 * The Eips together: which of two overlapping Eips is used, which is the default, which has an address, and which a Service may use that names none.
 *
 * Admission refuses overlaps and a second default of a family, but two creations may race and the webhook may be away. The older Eip is then used (by creation time,
 * then name), with the same result in every component.
 */
import { asksToBeDefault, type Eip, isBound } from '../../api/eip/eip.ts';
import type { Address, Family } from '../../net/address.ts';
import { rangeContains, rangesOverlap } from '../../net/range.ts';

export interface Pools {
  /** All usable Eips, by name. */
  readonly byName: ReadonlyMap<string, Eip>;
  /** Eips that overlap an older one, with the name of that one. They give no address. */
  readonly overlapping: ReadonlyMap<string, string>;
  /** Of either family. */
  readonly hasDefault: boolean;
  /** Eips that ask to be the default of a family that has a default, with the name of that one. They serve as ordinary Eips. */
  readonly secondDefaults: ReadonlyMap<string, string>;
  containing(address: Address): Eip | undefined;
  /**
   * The Eips for a Service that names none, in the order of preference: those bound to its namespace, the default of each family (even if bound to other namespaces),
   * then those bound to no namespace. Among each, the lower priority number comes first, then the name.
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
  const { defaults, secondDefaults } = defaultsAmong(accepted);
  const byPreference = accepted
    .filter(({ autoAssign }) => autoAssign)
    .sort((a, b) => a.priority - b.priority || compareText(a.name, b.name));
  return {
    byName: new Map(accepted.map((eip) => [eip.name, eip])),
    overlapping,
    hasDefault: defaults.size > 0,
    secondDefaults,
    containing: (address) => accepted.find((eip) => rangeContains(eip.range, address)),
    automaticFor: (namespace, labels) => [
      ...byPreference.filter((eip) => isBound(eip) && isBoundTo(eip, namespace, labels)),
      ...byPreference.filter((eip) => defaults.has(eip) && !(isBound(eip) && isBoundTo(eip, namespace, labels))),
      ...byPreference.filter((eip) => !defaults.has(eip) && !isBound(eip)),
    ],
  };
}

/** Whether the Eip serves Services that name none as the default of its family. @param pools of all Eips. */
export function isDefaultEip(eip: Eip, { secondDefaults }: Pick<Pools, 'secondDefaults'>): boolean {
  return asksToBeDefault(eip) && !secondDefaults.has(eip.name);
}

/** @param accepted the oldest first. An Eip that is being deleted is the default only if there is no other. */
function defaultsAmong(accepted: readonly Eip[]): {
  readonly defaults: ReadonlySet<Eip>;
  readonly secondDefaults: ReadonlyMap<string, string>;
} {
  const asking = accepted.filter(asksToBeDefault);
  const byFamily = new Map<Family, Eip>();
  for (const eip of [...asking.filter((one) => !one.isDeleting), ...asking.filter((one) => one.isDeleting)]) {
    if (!byFamily.has(eip.range.family)) byFamily.set(eip.range.family, eip);
  }
  const defaults = new Set(byFamily.values());
  const second = asking.filter((eip) => !defaults.has(eip));
  return {
    defaults,
    secondDefaults: new Map(second.map(({ name, range }) => [name, byFamily.get(range.family)?.name ?? ''])),
  };
}

export function isBoundTo(eip: Eip, namespace: string, labels: Readonly<Record<string, string>>): boolean {
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
