/** One look at a Service, as `reconcile-service.ts` takes it, with the claims made at once instead of by the API server. */
import { Announcers } from '../../../allocator/announced/announcers.ts';
import { ServiceAnnouncements } from '../../../allocator/announced/service-announcements.ts';
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
import { type ClaimHolder, claimName } from '../../../lib/api/claim.ts';
import type { Service } from '../../../lib/api/service.ts';
import type { Wants } from '../../../lib/api/wants.ts';
import { type Choice, choose } from '../../../lib/ipam/choose.ts';
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
  announcementsIn(world);
  for (const store of Object.values(stores)) for (const object of [...store.values()]) store.put(object as never);
  return world;
}

const known = new WeakMap<World, ServiceAnnouncements>();

/** Of a world whose stores tell later what is put into them; what a speaker said before is not known. */
export function announcementsIn(world: World): ServiceAnnouncements {
  const announcements = known.get(world) ?? new ServiceAnnouncements(world, new Announcers(world.stores));
  known.set(world, announcements);
  return announcements;
}

export function lookAt(service: Service, world: World, stores: HandStores): Look {
  let view = viewOf(service, world, SETTINGS);
  const join = (address: Address, eip: string, holder: ClaimHolder): void => {
    const present = world.ledger.claimOf(address)?.spec;
    const metadata = {
      name: claimName(address),
      uid: `uid-${claimName(address)}`,
      resourceVersion: String(nextVersion++),
    };
    const spec = present ?? { address: formatAddress(address), eip };
    const holders = [...(present?.holders ?? []), holder];
    stores.claims.put({ apiVersion: 'skycap.io/v1alpha1', kind: 'EipClaim', metadata, spec: { ...spec, holders } });
    view = viewOf(service, world, SETTINGS);
  };
  const claimantOf = (wants: Wants) => claimantFor(view, wants, `token-of-${service.metadata.name}`, NOW_MS);
  const take = (wants: Wants): Choice => {
    const claimant = claimantOf(wants);
    const choice = choose(wants, situationFor(view, claimant, world));
    for (const { address, eip, how } of choice.kind === 'assigned' ? choice.given : []) {
      if (how !== 'held') join(address, eip.name, claimant.holder);
    }
    return choice;
  };
  const isOfEip = (address: Address): boolean => world.isOfEip(address);
  if (view.parsed.kind === 'notOurs')
    return { view, outcome: undefined, decision: decideLeaving({ ...view, isOfEip }) };
  const wants = view.parsed.kind === 'wants' ? view.parsed.wants : undefined;
  const full = wants ?? wantsWithoutWishes(service);
  const claimOf = (address: Address) => world.ledger.claimOf(address);
  for (const { address, eip } of full ? reclaimsFor(service, view.holdings, world.eips.pools, claimOf) : [])
    join(address, eip?.name ?? '', claimantOf(full!).holder);
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
      announcedOf: (addresses) => announcementsIn(world).announcedOf(service, addresses),
      waitsSince: new Date(NOW_MS).toISOString(),
    },
    outcome,
  );
  return { view, outcome, decision };
}

let nextVersion = 1_000;
