/**
 * One Service as the decision needs it, gathered from the cluster state without an await: whether Skycap serves it, its request, its claims, and the input of the
 * choice.
 */

import { BY_DEFAULT_CONDITION, EIP_LABEL, SERVICE_ANNOTATIONS } from '../../api/keys.ts';
import { type Condition, keyFor, keyOf } from '../../api/meta/object.ts';
import type { AddressRequest } from '../../api/service/address-request.ts';
import {
  isOurs,
  type ParsedAddressRequest,
  parseAddressRequest,
  type UnmarkedServices,
} from '../../api/service/parse-address-request.ts';
import { publishedAddresses } from '../../api/service/published-addresses.ts';
import { isServedByAnother } from '../../api/service/served-by-another.ts';
import type { Service } from '../../api/service/service.ts';
import type { ClaimHolder } from '../../api/skycap/claim.ts';
import { type Address, sameAddress } from '../../net/address.ts';
import type { ChooseInput } from '../choice/choose.ts';
import { type HeldAddress, pinnedAddresses } from '../choice/held-address.ts';
import type { ClaimRequest } from '../claims/claimer.ts';
import { newHolder, requestOf, withRequest } from '../claims/holder-entry.ts';
import { namesOf } from '../claims/holders-of.ts';
import { annotatedAddresses, formerAddresses, standsFor } from '../claims/service-claims.ts';
import type { AssignmentCluster } from './assignment-cluster.ts';
import { TakenForService } from './taken-for-service.ts';

/** Made anew for each reconcile. */
export interface ServiceView {
  readonly service: Service;
  readonly key: string;
  readonly parsed: ParsedAddressRequest;
  readonly heldAddresses: readonly HeldAddress[];
  /** The `heldAddresses` that stay although `choose` would not consider them. */
  readonly pinned: readonly HeldAddress[];
  /** See `BY_DEFAULT_CONDITION`. */
  readonly isByDefault: boolean;
  /** Skycap would serve the Service without class or annotation, if no other load balancer did. */
  readonly isLeftAlone: boolean;
  /** Why nothing can be decided yet. */
  readonly unsure: Unsure | undefined;
}

export type Unsure =
  /** An Eip was deleted, perhaps with its CRD; or these Eips are not in the cache, since they are gone or not seen yet. */
  | { readonly kind: 'eips'; readonly names: readonly string[] }
  /** The Service's namespace is not in the cache, or a claim of its published address is on its way. */
  | { readonly kind: 'behind' };

export interface ViewSettings {
  readonly unmarkedServices: UnmarkedServices;
}

export function viewOf(service: Service, cluster: AssignmentCluster, settings: ViewSettings): ServiceView {
  const { heldAddresses, unknownEips } = cluster.heldAddressesOf(service);
  const label = labelledEip(service, heldAddresses);
  const isUnknown = label !== undefined && cluster.eips.existence({ eip: label }) === 'unknown';
  const names = isUnknown ? [...unknownEips, label] : unknownEips;
  const isInDoubt = cluster.eips.isInDoubt || names.length > 0;
  const { unmarkedServices } = settings;
  // An Eip that is not known yet may be the default.
  const defaultEipExists =
    cluster.eips.pools.hasDefault || isInDoubt || wasGivenByDefault(service, heldAddresses, cluster);
  const isLeftAlone =
    isUnmarked(service) &&
    isOurs(service, { unmarkedServices, defaultEipExists }) &&
    !hasSomethingOfOurs(service, heldAddresses) &&
    isServedByAnother(service, (address) => cluster.isOfEip(address));
  const parsed = parseAddressRequest(service, {
    unmarkedServices,
    defaultEipExists,
    isServedByAnother: isLeftAlone,
    // A stored Service has its families.
    primaryFamily: 4,
  });
  const isBehind = !hasNamespace(service, cluster) || isBeingClaimed(service, heldAddresses, cluster);
  const unsure: Unsure | undefined = isInDoubt ? { kind: 'eips', names } : isBehind ? { kind: 'behind' } : undefined;
  return {
    service,
    key: keyOf(service),
    parsed,
    heldAddresses,
    pinned: parsed.kind === 'addressRequest' ? pinnedAddresses(parsed.addressRequest, heldAddresses) : [],
    isByDefault: unmarkedServices === 'defaultEip' && isUnmarked(service),
    isLeftAlone,
    // A Service that Skycap certainly does not serve is released at once.
    unsure: parsed.kind === 'notOurs' && !isLeftAlone ? undefined : unsure,
  };
}

/** The request without the pinned families; undefined if none is left. */
export function remainingRequest(
  addressRequest: AddressRequest,
  pinned: readonly HeldAddress[],
): AddressRequest | undefined {
  if (pinned.length === 0) return addressRequest;
  const families = addressRequest.families.filter((family) => !pinned.some(({ address }) => address.family === family));
  return families.length > 0 ? { ...addressRequest, families, need: 'all' } : undefined;
}

/** The request of a Service that can't be read: families, ports, policy. */
export function requestWithoutAddresses(service: Service): AddressRequest | undefined {
  const [optIn] = SERVICE_ANNOTATIONS.optIn;
  const { loadBalancerIP: _, ...spec } = service.spec ?? {};
  const plain = { ...service, metadata: { ...service.metadata, annotations: { [optIn]: 'openelb' } }, spec };
  const parsed = parseAddressRequest(plain, { unmarkedServices: 'always', defaultEipExists: true, primaryFamily: 4 });
  return parsed.kind === 'addressRequest' ? parsed.addressRequest : undefined;
}

/** The holder with the request of the stored Service; the holder itself if its Service is not in the cache. */
export function asStoredIn(cluster: AssignmentCluster): (holder: ClaimHolder, address: Address) => ClaimHolder {
  return (holder, address) => {
    const service = cluster.services.get(keyFor(holder.namespace, holder.name ?? ''));
    if (!service || !standsFor(holder, service)) return holder;
    const parsed = parseAddressRequest(service, {
      unmarkedServices: 'always',
      defaultEipExists: true,
      primaryFamily: 4,
    });
    return parsed.kind === 'addressRequest' ? withRequest(holder, requestOf(parsed.addressRequest, address)) : holder;
  };
}

/** @param token for a new holder. */
export function claimRequestFor(
  view: ServiceView,
  addressRequest: AddressRequest,
  token: string,
  nowMs: number,
): ClaimRequest {
  return {
    addressRequest,
    holder: newHolder(namesOf(view.service), addressRequest, token, nowMs),
    published: publishedAddresses(view.service),
    former: formerAddresses(view.service, view.heldAddresses),
    // The allocator itself releases holders, so no holder needs a rewrite against a release.
    stored: view.heldAddresses.map(({ address }) => address),
  };
}

/** All that the choice for the Service depends on. */
export function chooseInputFor(view: ServiceView, claimRequest: ClaimRequest, cluster: AssignmentCluster): ChooseInput {
  const { service, key, heldAddresses } = view;
  const shown = publishedAddresses(service);
  const isOthers = (address: Address): boolean =>
    cluster.index.isPublishedByOthers(address, key) && !shown.some((own) => sameAddress(own, address));
  return {
    pools: cluster.eips.pools,
    taken: new TakenForService(cluster.ledger, isOthers, (address) => cluster.isClaimedByPublishers(address, key)),
    namespaceLabels: cluster.stores.namespaces.get(service.metadata.namespace ?? '')?.metadata.labels ?? {},
    held: heldAddresses.map(({ claim }) => claim),
    established: heldAddresses.filter(({ isEstablished }) => isEstablished).map(({ address }) => address),
    isSelf: cluster.isHolder(service),
    published: claimRequest.published,
    former: claimRequest.former,
    withheldFrom: (eip) => cluster.reserved.withheldFrom(eip),
  };
}

/** An address of a default Eip stays when that Eip is the default no more. */
function wasGivenByDefault(
  service: Service,
  heldAddresses: readonly HeldAddress[],
  cluster: AssignmentCluster,
): boolean {
  const isMarked = service.status?.conditions?.some(isByDefaultCondition) === true;
  const isPublished = publishedAddresses(service).some((address) => cluster.isOfEip(address));
  return isMarked && (isPublished || hasSomethingOfOurs(service, heldAddresses));
}

function isByDefaultCondition({ type, status }: Pick<Condition, 'type' | 'status'>): boolean {
  return type === BY_DEFAULT_CONDITION && status === 'True';
}

/** The Service was given an address, which another controller may have taken out of the status. */
function hasSomethingOfOurs(service: Service, heldAddresses: readonly HeldAddress[]): boolean {
  if (heldAddresses.some(({ isEstablished }) => isEstablished)) return true;
  const given = annotatedAddresses(service);
  const isPublished = publishedAddresses(service).some((address) => given.some((one) => sameAddress(one, address)));
  return isPublished || (given.length > 0 && service.status?.conditions?.some(isByDefaultCondition) === true);
}

/** The Service has neither class nor annotation: at best the setting makes it Skycap's. */
function isUnmarked(service: Service): boolean {
  return !isOurs(service, { unmarkedServices: 'never', defaultEipExists: false });
}

/** The Eip in the label of a Service that publishes an address without a holder: the state of this Eip matters. */
function labelledEip(service: Service, heldAddresses: readonly HeldAddress[]): string | undefined {
  const isUnheld = formerAddresses(service, heldAddresses).length > 0 && publishedAddresses(service).length > 0;
  return isUnheld ? service.metadata.labels?.[EIP_LABEL] : undefined;
}

/** The labels of a namespace decide which Eips it may use. Without the labels, the wrong Eip could be chosen. */
function hasNamespace(service: Service, { stores }: AssignmentCluster): boolean {
  return stores.namespaces.get(service.metadata.namespace ?? '') !== undefined;
}

/** Another Service that shares the published address is claiming it again. This Service joins afterwards. */
function isBeingClaimed(
  service: Service,
  heldAddresses: readonly HeldAddress[],
  { ledger }: AssignmentCluster,
): boolean {
  return formerAddresses(service, heldAddresses).some((address) => ledger.isTaken(address) && !ledger.claimOf(address));
}
