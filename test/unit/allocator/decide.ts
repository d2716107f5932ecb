/** One look at a Service, as `reconcile-service.ts` takes it, with the claims made at once instead of by the API server. */

import { ServiceAnnouncements } from '../../../allocator/announced/service-announcements.ts';
import { ClusterState } from '../../../allocator/cluster/cluster-state.ts';
import { decideLeaving, decidePublication, type Publication } from '../../../allocator/services/decide-publication.ts';
import { reclaimsFor } from '../../../allocator/services/reclaim.ts';
import type { AddressRequest } from '../../../lib/api/service/address-request.ts';
import type { Service } from '../../../lib/api/service/service.ts';
import { type ClaimHolder, claimName } from '../../../lib/api/skycap/claim.ts';
import { type Assignment, decideAssignment, decideInvalid } from '../../../lib/ipam/assignment/decide-assignment.ts';
import {
  chooseInputFor,
  claimRequestFor,
  remainingRequest,
  requestWithoutAddresses,
  type ServiceView,
  viewOf,
} from '../../../lib/ipam/assignment/service-view.ts';
import { type Choice, choose } from '../../../lib/ipam/choice/choose.ts';
import { type Address, formatAddress } from '../../../lib/net/address.ts';
import { Announcers } from '../../../lib/reach/announcers.ts';
import { type HandStores, NOW_MS } from './builders.ts';

export const SETTINGS = { unmarkedServices: 'defaultEip' } as const;

export interface Look {
  readonly view: ServiceView;
  readonly assignment: Assignment | undefined;
  readonly decision: Publication;
}

export function worldOf(stores: HandStores): ClusterState {
  // The stores tell of what they hold already, as a first list does.
  const cluster = new ClusterState(stores, { nowMs: () => NOW_MS, monotonicMs: () => 0 });
  announcementsIn(cluster);
  for (const store of Object.values(stores)) for (const object of [...store.values()]) store.put(object as never);
  return cluster;
}

const known = new WeakMap<ClusterState, ServiceAnnouncements>();

/** Of a world whose stores tell later what is put into them; what a speaker said before is not known. */
export function announcementsIn(cluster: ClusterState): ServiceAnnouncements {
  const present = known.get(cluster);
  if (present) return present;
  const announcers = new Announcers(cluster.stores);
  const announcements = new ServiceAnnouncements(cluster, announcers, announcers);
  known.set(cluster, announcements);
  return announcements;
}

export function lookAt(service: Service, cluster: ClusterState, stores: HandStores): Look {
  let view = viewOf(service, cluster, SETTINGS);
  const join = (address: Address, eip: string, holder: ClaimHolder): void => {
    const present = cluster.ledger.claimOf(address)?.spec;
    const metadata = {
      name: claimName(address),
      uid: `uid-${claimName(address)}`,
      resourceVersion: String(nextVersion++),
    };
    const spec = present ?? { address: formatAddress(address), eip };
    const holders = [...(present?.holders ?? []), holder];
    stores.claims.put({ apiVersion: 'skycap.io/v1alpha1', kind: 'EipClaim', metadata, spec: { ...spec, holders } });
    view = viewOf(service, cluster, SETTINGS);
  };
  const claimRequestOf = (addressRequest: AddressRequest) =>
    claimRequestFor(view, addressRequest, `token-of-${service.metadata.name}`, NOW_MS);
  const take = (addressRequest: AddressRequest): Choice => {
    const claimRequest = claimRequestOf(addressRequest);
    const choice = choose(addressRequest, chooseInputFor(view, claimRequest, cluster));
    for (const { address, eip, how } of choice.kind === 'assigned' ? choice.given : []) {
      if (how !== 'held') join(address, eip.name, claimRequest.holder);
    }
    return choice;
  };
  const isOfEip = (address: Address): boolean => cluster.isOfEip(address);
  if (view.parsed.kind === 'notOurs')
    return { view, assignment: undefined, decision: decideLeaving({ ...view, isOfEip }) };
  const addressRequest = view.parsed.kind === 'addressRequest' ? view.parsed.addressRequest : undefined;
  const full = addressRequest ?? requestWithoutAddresses(service);
  const claimOf = (address: Address) => cluster.ledger.claimOf(address);
  for (const { address, eip } of full ? reclaimsFor(service, view.heldAddresses, cluster.eips.pools, claimOf) : [])
    join(address, eip?.name ?? '', claimRequestOf(full!).holder);
  const beyond = addressRequest && remainingRequest(addressRequest, view.pinned);
  const choice = beyond && take(beyond);
  const { pinned, heldAddresses } = view;
  const assignment = addressRequest
    ? decideAssignment({
        addressRequest,
        choice,
        pinned,
        heldAddresses,
        eipProblemOf: (source) => cluster.eips.eipProblemOf(source),
      })
    : decideInvalid(view.parsed.kind === 'invalid' ? view.parsed.problems : [], heldAddresses, full!);
  const decision = decidePublication(
    {
      service,
      heldAddresses,
      token: 'token',
      isTakenByOthers: (address) => cluster.isTakenByOthers(address, service),
      isOfEip,
      isByDefault: view.isByDefault,
      announcedOf: (addresses) => announcementsIn(cluster).announcedOf(service, addresses),
      routeOverridesOf: (addresses) => announcementsIn(cluster).routeOverridesOf(service, addresses),
      waitsSince: new Date(NOW_MS).toISOString(),
    },
    assignment,
  );
  return { view, assignment, decision };
}

let nextVersion = 1_000;
