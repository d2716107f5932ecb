/** The Eip of an address, as recorded in its claim: by name and UID, since a deleted Eip may be created again. PURE. */

import type { Eip } from '../../api/eip/eip.ts';
import type { EipObject } from '../../api/eip/eip-types.ts';
import { formatProblems, type Parsed } from '../../api/problem.ts';
import { claimAddress, type EipClaim } from '../../api/skycap/claim.ts';
import type { Obstacle } from './obstacle.ts';
import type { Pools } from './pools.ts';

export type Source = Pick<EipClaim['spec'], 'eip' | 'eipUid'>;

export function sourceOf({ name, uid }: Pick<Eip, 'name' | 'uid'>): Source {
  return { eip: name, ...(uid !== '' && { eipUid: uid }) };
}

/** Whether the present Eip of the name gave the address, and not a former one. */
export function isSource(object: Pick<EipObject, 'metadata'>, { eipUid }: Source): boolean {
  return eipUid === undefined || eipUid === object.metadata.uid;
}

/**
 * The Eip that a claim counts to: the Eip that contains its address, or else the Eip that gave it.
 * @param objectOf a stored Eip by name.
 * @returns undefined if that Eip was deleted and another has its name.
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

/**
 * Why no usable Eip has an address of a Service, as a sentence with its remedy.
 * @param object the stored Eip of the name in the claim.
 */
export function eipProblem(
  source: Source,
  object: Pick<EipObject, 'metadata'> | undefined,
  parsed: Parsed<Eip> | undefined,
  pools: Pools,
): Obstacle {
  const name = source.eip;
  const stays = (message: string): Obstacle => ({ reason: 'KeepsFormerAddress', message });
  if (!object) return stays(`Eip ${name} is gone; create it again, or have the Service name another`);
  if (!isSource(object, source)) {
    return stays(
      `Eip ${name} was deleted and made again without the address; enlarge it, or request one of its addresses`,
    );
  }
  return { reason: 'EipInvalid', message: troubleInside(name, parsed, pools) };
}

/** The Eip exists, and is unusable or lacks the address. */
function troubleInside(name: string, parsed: Parsed<Eip> | undefined, pools: Pools): string {
  if (parsed && !parsed.ok) return formatProblems(parsed.problems);
  const older = pools.overlapping.get(name);
  if (older !== undefined) return `Eip ${name} overlaps the older Eip ${older}; change or delete one of them`;
  return `Eip ${name} does not contain the address any more; enlarge it`;
}
