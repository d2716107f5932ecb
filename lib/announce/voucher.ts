/** Which Eip answers for an address that a Service publishes. */
import type { Eip } from '../api/eip.ts';
import { EIP_LABEL } from '../api/keys.ts';
import type { Parsed } from '../api/problem.ts';
import type { Service } from '../api/service.ts';
import { buildPools, type Pools } from '../ipam/pools.ts';
import type { Address } from '../net/address.ts';
import { rangeContains } from '../net/range.ts';

export type EipsByName = ReadonlyMap<string, Parsed<Eip>>;

/** The Eip of the label; for the second address of a dual-stack Service, which has room for one name only there, the Eip that has it. */
export function voucherFor(eips: EipsByName, service: Service, address: Address): Parsed<Eip> | undefined {
  const labelled = eips.get(service.metadata.labels?.[EIP_LABEL] ?? '');
  if (labelled?.ok && rangeContains(labelled.value.range, address)) return labelled;
  const other = poolsOf(eips).containing(address);
  return other ? { ok: true, value: other } : labelled;
}

const poolsByEips = new WeakMap<EipsByName, Pools>();

function poolsOf(eips: EipsByName): Pools {
  const known = poolsByEips.get(eips);
  if (known) return known;
  const pools = buildPools([...eips.values()].flatMap((eip) => (eip.ok ? [eip.value] : [])));
  poolsByEips.set(eips, pools);
  return pools;
}
