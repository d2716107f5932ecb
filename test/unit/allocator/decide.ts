/** One look at a Service, as `reconcile-service.ts` takes it, with the claims made at once instead of by the API server. */
import { decideInvalid, decideOutcome, type Outcome } from '../../../allocator/decide-outcome.ts';
import { decideLeaving, decideService, type ServiceDecision } from '../../../allocator/decide-service.ts';
import { reclaimsFor } from '../../../allocator/reclaim.ts';
import {
  claimantFor,
  type ServiceView,
  situationFor,
  viewOf,
  wantsBeyond,
  wantsWithoutWishes,
} from '../../../allocator/service-view.ts';
import { World } from '../../../allocator/world.ts';
import { claimName } from '../../../lib/api/claim.ts';
import type { Service } from '../../../lib/api/service.ts';
import type { Wants } from '../../../lib/api/wants.ts';
import { type Choice, choose } from '../../../lib/ipam/choose.ts';
import type { Pools } from '../../../lib/ipam/pools.ts';
import { type Address, formatAddress } from '../../../lib/net/address.ts';
import { type HandStores, NOW_MS } from './builders.ts';

export const SETTINGS = { unmarkedServices: 'defaultEip' } as const;

export interface Look {
  readonly view: ServiceView;
  readonly outcome: Outcome | undefined;
  readonly decision: ServiceDecision;
}

export function worldOf(stores: HandStores): World {
  // The stores tell of what they hold already, as a first list does.
  const world = new World(stores, { nowMs: () => NOW_MS, monotonicMs: () => 0 });
  for (const store of Object.values(stores)) for (const object of [...store.values()]) store.put(object as never);
  return world;
}

export function lookAt(service: Service, world: World, stores: HandStores): Look {
  let view = viewOf(service, world, SETTINGS);
  const take = (wants: Wants, pools?: Pools): Choice => {
    const claimant = claimantFor(view, wants, `token-of-${service.metadata.name}`, NOW_MS);
    const choice = choose(wants, { ...situationFor(view, claimant, world), ...(pools && { pools }) });
    for (const { address, eip, how } of choice.kind === 'assigned' ? choice.given : []) {
      const present = world.ledger.claimOf(address);
      if (how === 'held') continue;
      const holders = [...(present?.spec.holders ?? []), claimant.holder];
      const metadata = {
        name: claimName(address),
        uid: `uid-${claimName(address)}`,
        resourceVersion: String(nextVersion++),
      };
      stores.claims.put({
        apiVersion: 'skycap.io/v1alpha1',
        kind: 'EipClaim',
        metadata,
        spec: { address: formatAddress(address), eip: eip.name, holders },
      });
    }
    view = viewOf(service, world, SETTINGS);
    return choice;
  };
  const isOfEip = (address: Address): boolean => world.isOfEip(address);
  if (view.parsed.kind === 'notOurs')
    return { view, outcome: undefined, decision: decideLeaving({ ...view, isOfEip }) };
  const wants = view.parsed.kind === 'wants' ? view.parsed.wants : undefined;
  const full = wants ?? wantsWithoutWishes(service);
  for (const reclaim of full ? reclaimsFor(service, full, view.holdings, world.eips.pools) : [])
    take(reclaim.wants, reclaim.pools);
  const beyond = wants && wantsBeyond(wants, view.pinned);
  const choice = beyond && take(beyond);
  const { pinned, holdings } = view;
  const outcome = wants
    ? decideOutcome({ wants, choice, pinned, holdings, troubleOf: (source) => world.eips.troubleOf(source) })
    : decideInvalid(view.parsed.kind === 'invalid' ? view.parsed.problems : [], holdings, full!);
  const decision = decideService(
    {
      service,
      holdings,
      token: 'token',
      isTakenByOthers: (address) => world.isTakenByOthers(address, service),
      isOfEip,
      isByDefault: view.isByDefault,
      announcedOf: (addresses) => world.announcedOf(service, addresses),
      waitsSince: new Date(NOW_MS).toISOString(),
    },
    outcome,
  );
  return { view, outcome, decision };
}

let nextVersion = 1_000;
