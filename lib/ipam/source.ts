/** Which Eip an address is from, as its claim tells it: by name, and by uid, since a name may come again. PURE. */
import { claimAddress, type EipClaim } from '../api/claim.ts';
import type { Eip } from '../api/eip.ts';
import type { EipObject } from '../api/eip-types.ts';
import { formatProblems, type Parsed } from '../api/problem.ts';
import type { Pools } from './pools.ts';

export type Source = Pick<EipClaim['spec'], 'eip' | 'eipUid'>;

export function sourceOf({ name, uid }: Pick<Eip, 'name' | 'uid'>): Source {
  return { eip: name, ...(uid !== '' && { eipUid: uid }) };
}

/** Whether the Eip that is there under the name gave the address, and not one that had the name before. */
export function isSource(object: Pick<EipObject, 'metadata'>, { eipUid }: Source): boolean {
  return eipUid === undefined || eipUid === object.metadata.uid;
}

/**
 * The Eip that a claim counts to: the one that contains its address, else the one that gave it.
 *
 * @param objectOf an Eip by name, as it is stored.
 * @returns undefined where that was deleted, and its name is another's.
 */
export function accountOf(
  { metadata: { name = '' }, spec }: EipClaim,
  pools: Pools,
  objectOf: (name: string) => Pick<EipObject, 'metadata'> | undefined,
): string | undefined {
  const address = claimAddress(name);
  const pool = address && pools.containing(address);
  if (pool) return pool.name;
  const object = objectOf(spec.eip);
  return !object || isSource(object, spec) ? spec.eip : undefined;
}

/** What is the matter with an Eip that is there and does not count, or has not an address that it gave: a sentence with its remedy. */
export function troubleWith(name: string, parsed: Parsed<Eip> | undefined, pools: Pools): string {
  if (parsed && !parsed.ok) return formatProblems(parsed.problems);
  const older = pools.overlapping.get(name);
  if (older !== undefined) return `Eip ${name} overlaps the older Eip ${older}; change or delete one of them`;
  return `Eip ${name} does not contain the address any more; enlarge it`;
}
