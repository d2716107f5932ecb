/**
 * Carries out exchanges (`exchange.ts`), each Service for itself and step by step, so that whoever looks next, a new leader, too, sees from claims and statuses alone how far it
 * is. First each reserves the place that it moves to, beside those who have it. Then the first of them leaves its own: it is out of its status before it is out of its claim, so nobody
 * publishes what another one publishes. From there on each finds its place free, takes it and leaves its own to the next.
 */
import type { ClaimHolder } from '../lib/api/claim.ts';
import { keyFor } from '../lib/api/object.ts';
import type { Wants } from '../lib/api/wants.ts';
import type { Claimant } from '../lib/ipam/claimer.ts';
import type { Address } from '../lib/net/address.ts';
import { findExchange, firstToLeave, leftBy, type Move, type Mover, type Movers } from './exchange.ts';
import { newHolder } from './holder.ts';
import { claimantFor, type ServiceView, situationFor, type ViewSettings, viewOf, wantsBeyond } from './service-view.ts';
import type { WaitingList } from './waiting.ts';
import type { World } from './world.ts';

export type ExchangeStep =
  | { readonly kind: 'none' }
  /** To be reserved: places that it moves to. */
  | { readonly kind: 'reserve'; readonly places: Move['given'] }
  /** To be left, since another one waits there. */
  | { readonly kind: 'leave'; readonly addresses: readonly Address[] };

const NONE: ExchangeStep = { kind: 'none' };
/** Of those who wait. */
const MOST_LOOKED_AT = 256;

/** What is for this Service to do now. @param wants of the families that are not pinned. */
export function exchangeStep(
  view: ServiceView,
  wants: Wants,
  world: World,
  waiting: WaitingList,
  settings: ViewSettings,
): ExchangeStep {
  if (view.pinned.length > 0) return NONE;
  const self = moverFor(view, wants, world);
  const moves = findExchange(self, moversAmong(self, waiting, world, settings));
  const own = moves?.[0];
  if (!moves || !own) return NONE;
  const places = own.given.filter(({ how }) => how !== 'held');
  if (places.length > 0) return { kind: 'reserve', places };
  return firstToLeave(moves)?.key === view.key ? { kind: 'leave', addresses: leftBy(own) } : NONE;
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
