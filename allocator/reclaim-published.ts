/** Carries out what `reclaim.ts` says: claims again what a Service publishes, alone or beside others. */
import type { Claimer } from '../lib/ipam/claimer.ts';
import { SERVICES } from '../lib/kube/resource.ts';
import { dropManagedFields } from '../lib/kube/transform.ts';
import type { Deps } from './ports.ts';
import { reclaimsFor } from './reclaim.ts';
import { claimantFor, type ServiceView, wantsWithoutWishes } from './service-view.ts';
import { waitingSinceOf } from './waiting.ts';

export interface ReclaimDeps extends Pick<Deps, 'client' | 'world' | 'nowMs'> {
  readonly claimer: Claimer;
  /** For new entries. */
  readonly token: string;
}

/** @returns `shared`: one of them was claimed by others already; after `nothing` there was nothing to do. */
export async function reclaimPublished(
  view: ServiceView,
  { client, world, nowMs, claimer, token }: ReclaimDeps,
  signal: AbortSignal,
): Promise<'nothing' | 'alone' | 'shared'> {
  const { service, holdings, parsed } = view;
  const wants = parsed.kind === 'wants' ? parsed.wants : wantsWithoutWishes(service);
  const reclaims = reclaimsFor(service, holdings, world.eips.pools, (address) => world.ledger.claimOf(address));
  if (!wants || reclaims.length === 0) return 'nothing';
  const isShared = reclaims.some(({ isHeld }) => isHeld);
  if (isShared) {
    // A cache that is behind would bring back an address that the Service has left, and that is another's by now.
    const { namespace = '', name = '', resourceVersion } = service.metadata;
    const stored = await client.get(SERVICES, { namespace, name }, { signal });
    if (stored.metadata.resourceVersion !== resourceVersion) {
      world.saw(dropManagedFields(stored));
      return 'alone';
    }
  }
  const claimant = claimantFor(view, wants, token, nowMs());
  const { askedFor: _, ...unasked } = claimant.holder;
  // One that waits for another address has this one for what it asked before, which is not known.
  const holder = waitingSinceOf(service) === undefined ? claimant.holder : unasked;
  for (const { address, eip } of reclaims) await claimer.retake(address, eip, { ...claimant, holder }, signal);
  return isShared ? 'shared' : 'alone';
}
