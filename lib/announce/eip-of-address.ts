/** Which Eip answers for an address that a Service publishes. */
import type { Eip } from '../api/eip/eip.ts';
import { EIP_LABEL } from '../api/keys.ts';
import type { Parsed } from '../api/problem.ts';
import type { Service } from '../api/service/service.ts';
import { buildPools, type Pools } from '../ipam/pools/pools.ts';
import type { Address } from '../net/address.ts';
import { rangeContains } from '../net/range.ts';

/** Former ones among them stand under {@link formerKey}. */
export type EipsByName = ReadonlyMap<string, Parsed<Eip>>;

/** Under which an Eip stands that is gone, or was edited, and answers for published addresses still. No Eip has such a name. */
export function formerKey(name: string, i: number): string {
  return `${name}/${i}`;
}

function isFormer(key: string): boolean {
  return key.includes('/');
}

/** Finds the Eip that answers for an address of a Service. */
export type EipOfAddress = (service: Service, address: Address) => Parsed<Eip> | undefined;

/**
 * The Eip of the label; for the second address of a dual-stack Service, whose label has room for one name only, the Eip that has the address. Where no Eip has the
 * address any more, the Eip that had it last, if it is known.
 */
export function eipFinder(eips: EipsByName): EipOfAddress {
  let pools: Pools | undefined;
  const containing = (address: Address): Eip | undefined => {
    pools ??= buildPools([...eips].flatMap(([key, eip]) => (eip.ok && !isFormer(key) ? [eip.value] : [])));
    return pools.containing(address) ?? formerWith(eips, address);
  };
  return (service, address) => {
    const labelled = eips.get(service.metadata.labels?.[EIP_LABEL] ?? '');
    if (labelled?.ok && rangeContains(labelled.value.range, address)) return labelled;
    const other = containing(address);
    return other ? { ok: true, value: other } : labelled;
  };
}

function formerWith(eips: EipsByName, address: Address): Eip | undefined {
  const former = [...eips].flatMap(([key, eip]) => (isFormer(key) && eip.ok ? [eip.value] : []));
  return former.find(({ range }) => rangeContains(range, address));
}
