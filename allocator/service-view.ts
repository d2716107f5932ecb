/**
 * One Service as the decision needs it, gathered from the world without waiting for anything: is it ours, what does it want, what does
 * it hold, what would be chosen for it now.
 */
import type { ClaimHolder } from '../lib/api/claim.ts';
import { BY_DEFAULT_CONDITION, EIP_LABEL, SERVICE_ANNOTATIONS } from '../lib/api/keys.ts';
import { type Condition, keyFor, keyOf } from '../lib/api/object.ts';
import { isOurs, type ParsedWants, parseWants, type UnmarkedServices } from '../lib/api/parse-wants.ts';
import { publishedAddresses } from '../lib/api/published-addresses.ts';
import { isServedByAnother } from '../lib/api/served-by-another.ts';
import type { Service } from '../lib/api/service.ts';
import type { Wants } from '../lib/api/wants.ts';
import type { Situation } from '../lib/ipam/choose.ts';
import type { Claimant } from '../lib/ipam/claimer.ts';
import { type Holding, pinnedHoldings } from '../lib/ipam/holding.ts';
import { type Address, sameAddress } from '../lib/net/address.ts';
import { newHolder, wishOf, withWish } from './holder.ts';
import { annotatedAddresses, formerAddresses } from './holdings.ts';
import { TakenForService } from './taken.ts';
import type { World } from './world.ts';

/** Made anew for each look; nothing in it is kept. */
export interface ServiceView {
  readonly service: Service;
  readonly key: string;
  readonly parsed: ParsedWants;
  readonly holdings: readonly Holding[];
  /** Of `holdings`, those that stay though `choose` would not see them. */
  readonly pinned: readonly Holding[];
  /** See `BY_DEFAULT_CONDITION`. */
  readonly isByDefault: boolean;
  /** It would be ours without class or annotation, if another load balancer did not serve it. */
  readonly isLeftAlone: boolean;
  /** Why nothing can be decided yet. */
  readonly unsure: Unsure | undefined;
}

export type Unsure =
  /** An Eip was deleted, perhaps with its CRD; or these are not in the cache: gone, or not seen yet. */
  | { readonly kind: 'eips'; readonly names: readonly string[] }
  /** The Service's namespace is not in the cache, or a claim of its published address is on its way. */
  | { readonly kind: 'behind' };

export interface ViewSettings {
  readonly unmarkedServices: UnmarkedServices;
}

export function viewOf(service: Service, world: World, settings: ViewSettings): ServiceView {
  const { holdings, unknownEips } = world.holdingsOf(service);
  const label = labelledEip(service, holdings);
  const isUnknown = label !== undefined && world.eips.existence({ eip: label }) === 'unknown';
  const names = isUnknown ? [...unknownEips, label] : unknownEips;
  const isInDoubt = world.eips.isInDoubt || names.length > 0;
  const { unmarkedServices } = settings;
  // Any of those that are not known yet may be the default.
  const defaultEipExists = world.eips.pools.hasDefault || isInDoubt || wasGivenByDefault(service, holdings, world);
  const isLeftAlone =
    isUnmarked(service) &&
    isOurs(service, { unmarkedServices, defaultEipExists }) &&
    !hasSomethingOfOurs(service, holdings) &&
    isServedByAnother(service, (address) => world.isOfEip(address));
  const parsed = parseWants(service, {
    unmarkedServices,
    defaultEipExists,
    isServedByAnother: isLeftAlone,
    // A stored Service has its families.
    primaryFamily: 4,
  });
  const isBehind = !hasNamespace(service, world) || isBeingClaimed(service, holdings, world);
  const unsure: Unsure | undefined = isInDoubt ? { kind: 'eips', names } : isBehind ? { kind: 'behind' } : undefined;
  return {
    service,
    key: keyOf(service),
    parsed,
    holdings,
    pinned: parsed.kind === 'wants' ? pinnedHoldings(parsed.wants, holdings) : [],
    isByDefault: unmarkedServices === 'defaultEip' && isUnmarked(service),
    isLeftAlone,
    // Who is not ours whatever is found out is let go at once.
    unsure: parsed.kind === 'notOurs' && !isLeftAlone ? undefined : unsure,
  };
}

/** What is left to be chosen once the pinned families are taken out; undefined where nothing is. */
export function wantsBeyond(wants: Wants, pinned: readonly Holding[]): Wants | undefined {
  if (pinned.length === 0) return wants;
  const families = wants.families.filter((family) => !pinned.some(({ address }) => address.family === family));
  return families.length > 0 ? { ...wants, families, need: 'all' } : undefined;
}

/** What a Service that can't be read asks for as a matter of course: families, ports, policy. */
export function wantsWithoutWishes(service: Service): Wants | undefined {
  const [optIn] = SERVICE_ANNOTATIONS.optIn;
  const { loadBalancerIP: _, ...spec } = service.spec ?? {};
  const plain = { ...service, metadata: { ...service.metadata, annotations: { [optIn]: 'openelb' } }, spec };
  const parsed = parseWants(plain, { unmarkedServices: 'always', defaultEipExists: true, primaryFamily: 4 });
  return parsed.kind === 'wants' ? parsed.wants : undefined;
}

/** What the Service of an entry says now; the entry itself, where that can't be told. */
export function asStoredIn(world: World): (holder: ClaimHolder, address: Address) => ClaimHolder {
  return (holder, address) => {
    const service = world.services.get(keyFor(holder.namespace, holder.name ?? ''));
    if (!service || service.metadata.uid !== holder.uid) return holder;
    const parsed = parseWants(service, { unmarkedServices: 'always', defaultEipExists: true, primaryFamily: 4 });
    return parsed.kind === 'wants' ? withWish(holder, wishOf(parsed.wants, address)) : holder;
  };
}

/** @param token for a new entry; one that exists keeps its own. */
export function claimantFor(view: ServiceView, wants: Wants, token: string, nowMs: number): Claimant {
  return {
    wants,
    holder: newHolder(view.service, wants, token, nowMs),
    published: publishedAddresses(view.service),
    former: formerAddresses(view.service, view.holdings),
    // It is the allocator that releases, so it need not be kept from doing so.
    stored: view.holdings.map(({ address }) => address),
  };
}

/** Asked anew in every round of the claimer: the ledger may have learnt something. */
export function situationFor(view: ServiceView, claimant: Claimant, world: World): Situation {
  const { service, key } = view;
  const shown = publishedAddresses(service);
  const { holdings } = world.holdingsOf(service);
  const isOthers = (address: Address): boolean =>
    world.index.isPublishedByOthers(address, key) && !shown.some((own) => sameAddress(own, address));
  return {
    pools: world.eips.pools,
    taken: new TakenForService(world.ledger, isOthers, (address) => world.isClaimedByPublishers(address, key)),
    namespaceLabels: world.stores.namespaces.get(service.metadata.namespace ?? '')?.metadata.labels ?? {},
    held: holdings.map(({ claim }) => claim),
    established: holdings.filter(({ isEstablished }) => isEstablished).map(({ address }) => address),
    isSelf: world.isHolder(service),
    published: claimant.published,
    former: claimant.former,
    withheldFrom: (eip) => world.reserved.withheldFrom(eip),
  };
}

/** What a default Eip has given is not taken back when that Eip is the default no more. */
function wasGivenByDefault(service: Service, holdings: readonly Holding[], world: World): boolean {
  const isMarked = service.status?.conditions?.some(isByDefaultCondition) === true;
  const isPublished = publishedAddresses(service).some((address) => world.isOfEip(address));
  return isMarked && (isPublished || hasSomethingOfOurs(service, holdings));
}

function isByDefaultCondition({ type, status }: Pick<Condition, 'type' | 'status'>): boolean {
  return type === BY_DEFAULT_CONDITION && status === 'True';
}

/** It was given an address and told so, be it that another controller has taken that out of the status. */
function hasSomethingOfOurs(service: Service, holdings: readonly Holding[]): boolean {
  if (holdings.some(({ isEstablished }) => isEstablished)) return true;
  const given = annotatedAddresses(service);
  const isPublished = publishedAddresses(service).some((address) => given.some((one) => sameAddress(one, address)));
  return isPublished || (given.length > 0 && service.status?.conditions?.some(isByDefaultCondition) === true);
}

/** Ours by neither class nor annotation, so at best by the setting. */
function isUnmarked(service: Service): boolean {
  return !isOurs(service, { unmarkedServices: 'never', defaultEipExists: false });
}

/** Named by the label of a Service that publishes something it does not hold: then its state matters. */
function labelledEip(service: Service, holdings: readonly Holding[]): string | undefined {
  const isUnheld = formerAddresses(service, holdings).length > 0 && publishedAddresses(service).length > 0;
  return isUnheld ? service.metadata.labels?.[EIP_LABEL] : undefined;
}

/** A namespace's labels decide which Eips are for it: without them the wrong one might be chosen. */
function hasNamespace(service: Service, { stores }: World): boolean {
  return stores.namespaces.get(service.metadata.namespace ?? '') !== undefined;
}

/** A sharer is just claiming the published address again; once it has, this Service joins it. */
function isBeingClaimed(service: Service, holdings: readonly Holding[], { ledger }: World): boolean {
  return formerAddresses(service, holdings).some((address) => ledger.isTaken(address) && !ledger.claimOf(address));
}
