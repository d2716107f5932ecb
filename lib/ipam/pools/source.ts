/** Which Eip an address is from, as its claim tells it: by name, and by uid, since a name may come again. PURE. */

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

/**
 * What is the matter with an address that a Service has and no Eip that counts: a sentence with its remedy.
 *
 * @param object the Eip of the name that its claim tells, as it is stored.
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

/** The Eip is there, and does not count or has not the address. */
function troubleInside(name: string, parsed: Parsed<Eip> | undefined, pools: Pools): string {
  if (parsed && !parsed.ok) return formatProblems(parsed.problems);
  const older = pools.overlapping.get(name);
  if (older !== undefined) return `Eip ${name} overlaps the older Eip ${older}; change or delete one of them`;
  return `Eip ${name} does not contain the address any more; enlarge it`;
}
