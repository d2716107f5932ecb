/**
 * Carries out exchanges (`exchange.ts`) in steps of one Service each. Claims and statuses alone show the progress, also to a new leader. First, each Service reserves its new
 * address beside the present holders. Then the first Service leaves its address: the address leaves the status before the claim, so no two Services publish it. From
 * then on each Service finds its new address free, takes it, and leaves its own address to the next.
 */

import { keyFor } from '../../lib/api/meta/object.ts';
import type { AddressRequest } from '../../lib/api/service/address-request.ts';
import type { ClaimHolder } from '../../lib/api/skycap/claim.ts';
import type { Assignment } from '../../lib/ipam/assignment/decide-assignment.ts';
import {
  chooseInputFor,
  claimRequestFor,
  remainingRequest,
  type ServiceView,
  type ViewSettings,
  viewOf,
} from '../../lib/ipam/assignment/service-view.ts';
import type { WaitingList } from '../../lib/ipam/assignment/waiting-list.ts';
import { fulfils, type HeldAddress } from '../../lib/ipam/choice/held-address.ts';
import type { ClaimRequest } from '../../lib/ipam/claims/claimer.ts';
import { newHolder, requestIn, requestOf, requestText } from '../../lib/ipam/claims/holder-entry.ts';
import { namesOf } from '../../lib/ipam/claims/holders-of.ts';
import type { Address } from '../../lib/net/address.ts';
import type { ClusterState } from '../cluster/cluster-state.ts';
import { findExchange, firstToLeave, leftBy, type Move, type Mover, type Movers } from './exchange.ts';

export type ExchangeStep =
  | { readonly kind: 'none' }
  /** The new addresses, to be reserved. */
  | { readonly kind: 'reserve'; readonly places: Move['given'] }
  /** All is reserved. The addresses to leave, since another Service waits for them. */
  | { readonly kind: 'leave'; readonly addresses: readonly Address[] }
  /** All is reserved, and another Service leaves first. That Service may have been reconciled before the last reservation. */
  | { readonly kind: 'wait'; readonly first: string };

const NONE: ExchangeStep = { kind: 'none' };
/** Of waiting Services. */
const MOST_LOOKED_AT = 256;

export interface Exchange {
  readonly step: ExchangeStep;
  /** Addresses that the Service gives up to waiting Services, while it waits for theirs. */
  readonly leaves: readonly Address[];
  /** Addresses of other Services that the Service has reserved and keeps reserved. */
  readonly reserves: readonly Address[];
}

export const NO_EXCHANGE: Exchange = { step: NONE, leaves: [], reserves: [] };

interface Deps {
  readonly cluster: ClusterState;
  readonly waiting: WaitingList;
  readonly config: ViewSettings;
}

/** The Service's next step of an exchange. @param addressRequest of the families that are not pinned. */
export function exchangeFor(
  view: ServiceView,
  addressRequest: AddressRequest,
  assignment: Assignment,
  deps: Deps,
): Exchange {
  if (assignment.waits !== 'must') return NO_EXCHANGE;
  const step = assignment.uses.length > 0 ? nextStep(view, addressRequest, deps) : NONE;
  const leaves = step.kind === 'leave' ? step.addresses : [];
  return { step, leaves, reserves: reservedPlaces(addressRequest, view.heldAddresses, assignment, step) };
}

function nextStep(view: ServiceView, addressRequest: AddressRequest, { cluster, waiting, config }: Deps): ExchangeStep {
  if (view.pinned.length > 0) return NONE;
  const self = moverFor(view, addressRequest, cluster);
  const moves = findExchange(self, moversAmong(self, waiting, cluster, config));
  const own = moves?.[0];
  if (!moves || !own) return NONE;
  const places = own.given.filter(({ how }) => how !== 'held');
  if (places.length > 0) return { kind: 'reserve', places };
  const first = firstToLeave(moves);
  if (!first) return NONE;
  return first.key === view.key ? { kind: 'leave', addresses: leftBy(own) } : { kind: 'wait', first: first.key };
}

/**
 * Reservations stay while the other Services of the exchange reserve theirs, and once the Service has left its own address. If they were collected by their age, another
 * Service could take the address of a Service that has none any more.
 */
function reservedPlaces(
  addressRequest: AddressRequest,
  heldAddresses: readonly HeldAddress[],
  { uses }: Assignment,
  step: ExchangeStep,
): readonly Address[] {
  return heldAddresses
    .filter((heldAddress) => heldAddress.own.waiting && fulfils(addressRequest, heldAddress))
    .filter(({ own, address }) => requestText(requestIn(own)) === requestText(requestOf(addressRequest, address)))
    .map(({ address }) => address)
    .filter(({ family }) => step.kind !== 'none' || !uses.some((use) => use.address.family === family));
}

/** The holder is not bound: if the exchange fails, the holder is collected like the claim of a failed creation. */
export function reservation(claimRequest: ClaimRequest): ClaimRequest {
  const { uid: _, ...entry } = claimRequest.holder;
  return { ...claimRequest, holder: { ...entry, waiting: true } };
}

function moversAmong(self: Mover, waiting: WaitingList, cluster: ClusterState, settings: ViewSettings): Movers {
  const known = new Map<string, Mover | undefined>([[self.key, self]]);
  const byKey = (key: string): Mover | undefined => {
    if (!known.has(key)) known.set(key, waiting.has(key) ? moverOf(key, cluster, settings) : undefined);
    return known.get(key);
  };
  return {
    of: ({ namespace, name }: ClaimHolder) => (name === undefined ? undefined : byKey(keyFor(namespace, name))),
    all: () => [...waiting.keys()].slice(0, MOST_LOOKED_AT).flatMap((key) => byKey(key) ?? []),
  };
}

function moverOf(key: string, cluster: ClusterState, settings: ViewSettings): Mover | undefined {
  const service = cluster.services.get(key);
  if (!service || service.metadata.deletionTimestamp !== undefined) return undefined;
  const view = viewOf(service, cluster, settings);
  if (view.unsure || view.parsed.kind !== 'addressRequest' || view.pinned.length > 0) return undefined;
  const addressRequest = remainingRequest(view.parsed.addressRequest, view.pinned);
  const mover = addressRequest && moverFor(view, addressRequest, cluster);
  return mover && mover.chooseInput.established.length > 0 ? mover : undefined;
}

function moverFor(view: ServiceView, addressRequest: AddressRequest, cluster: ClusterState): Mover {
  const holder = newHolder(namesOf(view.service), addressRequest, '', 0);
  return {
    key: view.key,
    addressRequest,
    chooseInput: chooseInputFor(view, claimRequestFor(view, addressRequest, '', 0), cluster),
    holder,
  };
}
