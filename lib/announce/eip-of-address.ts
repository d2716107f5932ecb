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

/**
 * The Eip of the label; for the second address of a dual-stack Service, which has room for one name only there, the Eip that has it. Where none has the address
 * any more, the one that had it last, if that is known.
 */
export function eipOfAddress(eips: EipsByName, service: Service, address: Address): Parsed<Eip> | undefined {
  const labelled = eips.get(service.metadata.labels?.[EIP_LABEL] ?? '');
  if (labelled?.ok && rangeContains(labelled.value.range, address)) return labelled;
  const other = poolsOf(eips).containing(address) ?? formerWith(eips, address);
  return other ? { ok: true, value: other } : labelled;
}

function formerWith(eips: EipsByName, address: Address): Eip | undefined {
  const former = [...eips].flatMap(([key, eip]) => (isFormer(key) && eip.ok ? [eip.value] : []));
  return former.find(({ range }) => rangeContains(range, address));
}

const poolsByEips = new WeakMap<EipsByName, Pools>();

function poolsOf(eips: EipsByName): Pools {
  const known = poolsByEips.get(eips);
  if (known) return known;
  const pools = buildPools([...eips].flatMap(([key, eip]) => (eip.ok && !isFormer(key) ? [eip.value] : [])));
  poolsByEips.set(eips, pools);
  return pools;
}
