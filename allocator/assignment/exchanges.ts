/**
 * Carries out exchanges (`exchange.ts`), each Service for itself and step by step, so that whoever looks next, a new leader, too, sees from claims and statuses alone how far it
 * is. First each reserves the place that it moves to, beside those who have it. Then the first of them leaves its own: it is out of its status before it is out of its claim, so nobody
 * publishes what another one publishes. From there on each finds its place free, takes it and leaves its own to the next.
 */

import { keyFor } from '../../lib/api/meta/object.ts';
import type { AddressRequest } from '../../lib/api/service/address-request.ts';
import type { ClaimHolder } from '../../lib/api/skycap/claim.ts';
import { fulfils, type HeldAddress } from '../../lib/ipam/choice/held-address.ts';
import type { ClaimRequest } from '../../lib/ipam/claims/claimer.ts';
import { newHolder, requestIn, requestOf, requestText } from '../../lib/ipam/claims/holder-entry.ts';
import { namesOf } from '../../lib/ipam/claims/holders-of.ts';
import type { Address } from '../../lib/net/address.ts';
import type { ClusterState } from '../cluster/cluster-state.ts';
import type { Assignment } from './decide-assignment.ts';
import { findExchange, firstToLeave, leftBy, type Move, type Mover, type Movers } from './exchange.ts';
import {
  chooseInputFor,
  claimRequestFor,
  remainingRequest,
  type ServiceView,
  type ViewSettings,
  viewOf,
} from './service-view.ts';
import type { WaitingList } from './waiting-list.ts';

export type ExchangeStep =
  | { readonly kind: 'none' }
  /** To be reserved: places that it moves to. */
  | { readonly kind: 'reserve'; readonly places: Move['given'] }
  /** All is reserved. To be left, since another one waits there. */
  | { readonly kind: 'leave'; readonly addresses: readonly Address[] }
  /** All is reserved, and another one leaves first; it may have been looked at before that was so. */
  | { readonly kind: 'wait'; readonly first: string };

const NONE: ExchangeStep = { kind: 'none' };
/** Of those who wait. */
const MOST_LOOKED_AT = 256;

export interface Exchange {
  readonly step: ExchangeStep;
  /** Addresses that the Service gives up to waiting Services, while it waits for theirs. */
  readonly leaves: readonly Address[];
  /** Places of others that it has reserved, and that are to stay so. */
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
 * They stay while the others of the exchange reserve theirs, and once the Service has left its own address for it. Were they collected by their age, somebody else could take the
 * place of one that has nothing any more.
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

/** Not bound: where nothing comes of it, it is collected like the claim of a creation that failed. */
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
