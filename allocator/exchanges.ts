/**
 * Carries out exchanges (`exchange.ts`), each Service for itself and step by step, so that whoever looks next, a new leader, too, sees from claims and statuses alone how far it
 * is. First each reserves the place that it moves to, beside those who have it. Then the first of them leaves its own: it is out of its status before it is out of its claim, so nobody
 * publishes what another one publishes. From there on each finds its place free, takes it and leaves its own to the next.
 */
import type { ClaimHolder } from '../lib/api/claim.ts';
import { keyFor } from '../lib/api/object.ts';
import type { Wants } from '../lib/api/wants.ts';
import type { Claimant } from '../lib/ipam/claimer.ts';
import { fulfils, type Holding } from '../lib/ipam/holding.ts';
import type { Address } from '../lib/net/address.ts';
import type { Outcome } from './decide-outcome.ts';
import { findExchange, firstToLeave, leftBy, type Move, type Mover, type Movers } from './exchange.ts';
import { newHolder, wishIn, wishOf, wishText } from './holder.ts';
import { claimantFor, type ServiceView, situationFor, type ViewSettings, viewOf, wantsBeyond } from './service-view.ts';
import type { WaitingList } from './waiting.ts';
import type { World } from './world.ts';

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
  /** What it leaves to others who wait for it, while it waits for theirs. */
  readonly leaves: readonly Address[];
  /** Places of others that it has reserved, and that are to stay so. */
  readonly reserves: readonly Address[];
}

export const NO_EXCHANGE: Exchange = { step: NONE, leaves: [], reserves: [] };

interface Deps {
  readonly world: World;
  readonly waiting: WaitingList;
  readonly config: ViewSettings;
}

/** What is for this Service to do now. @param wants of the families that are not pinned. */
export function exchangeFor(view: ServiceView, wants: Wants, outcome: Outcome, deps: Deps): Exchange {
  if (outcome.waits !== 'must') return NO_EXCHANGE;
  const step = outcome.uses.length > 0 ? nextStep(view, wants, deps) : NONE;
  const leaves = step.kind === 'leave' ? step.addresses : [];
  return { step, leaves, reserves: reservedPlaces(wants, view.holdings, outcome, step) };
}

function nextStep(view: ServiceView, wants: Wants, { world, waiting, config }: Deps): ExchangeStep {
  if (view.pinned.length > 0) return NONE;
  const self = moverFor(view, wants, world);
  const moves = findExchange(self, moversAmong(self, waiting, world, config));
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
  wants: Wants,
  holdings: readonly Holding[],
  { uses }: Outcome,
  step: ExchangeStep,
): readonly Address[] {
  return holdings
    .filter((holding) => holding.own.waiting && fulfils(wants, holding))
    .filter(({ own, address }) => wishText(wishIn(own)) === wishText(wishOf(wants, address)))
    .map(({ address }) => address)
    .filter(({ family }) => step.kind !== 'none' || !uses.some((use) => use.address.family === family));
}

/** Not bound: where nothing comes of it, it is collected like the claim of a creation that failed. */
export function reservation(claimant: Claimant): Claimant {
  const { uid: _, ...entry } = claimant.holder;
  return { ...claimant, holder: { ...entry, waiting: true } };
}

function moversAmong(self: Mover, waiting: WaitingList, world: World, settings: ViewSettings): Movers {
  const known = new Map<string, Mover | undefined>([[self.key, self]]);
  const byKey = (key: string): Mover | undefined => {
    if (!known.has(key)) known.set(key, waiting.has(key) ? moverOf(key, world, settings) : undefined);
    return known.get(key);
  };
  return {
    of: ({ namespace, name }: ClaimHolder) => (name === undefined ? undefined : byKey(keyFor(namespace, name))),
    all: () => [...waiting.keys()].slice(0, MOST_LOOKED_AT).flatMap((key) => byKey(key) ?? []),
  };
}

function moverOf(key: string, world: World, settings: ViewSettings): Mover | undefined {
  const service = world.services.get(key);
  if (!service || service.metadata.deletionTimestamp !== undefined) return undefined;
  const view = viewOf(service, world, settings);
  if (view.unsure || view.parsed.kind !== 'wants' || view.pinned.length > 0) return undefined;
  const wants = wantsBeyond(view.parsed.wants, view.pinned);
  const mover = wants && moverFor(view, wants, world);
  return mover && mover.situation.established.length > 0 ? mover : undefined;
}

function moverFor(view: ServiceView, wants: Wants, world: World): Mover {
  const holder = newHolder(view.service, wants, '', 0);
  return { key: view.key, wants, situation: situationFor(view, claimantFor(view, wants, '', 0), world), holder };
}
