/**
 * The addresses of all Services once the allocator has looked at each of them until nothing changes: those that have an address first, then those that wait, the longest-waiting
 * first. PURE. An exchange of addresses between Services that wait for each other is left out.
 */
import { ADDRESSES_ANNOTATION, CLAIM_ANNOTATION, EIP_LABEL } from '../../api/keys.ts';
import { keyFor, keyOf } from '../../api/meta/object.ts';
import type { AddressRequest } from '../../api/service/address-request.ts';
import { managedMetadataOf, withManagedMetadata } from '../../api/service/managed-metadata.ts';
import { publishedAddresses } from '../../api/service/published-addresses.ts';
import type { Service } from '../../api/service/service.ts';
import type { EipClaim } from '../../api/skycap/claim.ts';
import { type Assignment, decideInvalid } from '../../ipam/assignment/decide-assignment.ts';
import {
  asStoredIn,
  claimRequestFor,
  requestWithoutAddresses,
  type ServiceView,
  viewOf,
} from '../../ipam/assignment/service-view.ts';
import { compareWaiting, waitingOf, waitingSinceOf } from '../../ipam/assignment/waiting-list.ts';
import type { HeldAddress } from '../../ipam/choice/held-address.ts';
import { keptRequest, requestIn, requestOf, withRequest } from '../../ipam/claims/holder-entry.ts';
import { annotatedAddresses, givenAddresses } from '../../ipam/claims/service-claims.ts';
import { type Address, formatAddress, parseAddress, sameAddress } from '../../net/address.ts';
import { AddressWorld } from '../address-world.ts';
import { assignmentFor, choiceFor, tokenOf } from '../service/decide.ts';
import { namespacesOf, type World } from './world.ts';

export interface ServiceAddresses {
  /** Texts, in the order of the Service's families. */
  readonly addresses: readonly string[];
  /** Of the condition `skycap.io/AddressAssigned`. */
  readonly reason: string;
  readonly message: string;
}

export interface Given {
  /** Services and claims as the allocator would leave them. */
  readonly world: World;
  /** By the key of the Service: those that Skycap serves, or served. */
  readonly services: ReadonlyMap<string, ServiceAddresses>;
  /** Services that would change for ever: no steady state was found. */
  readonly isSteady: boolean;
}

const MOST_ROUNDS = 16;

export function giveAddresses(world: World): Given {
  const cluster = new AddressWorld({ ...world, eipClaims: withoutStrays(world) }, namespacesOf(world));
  const services = new Map<string, ServiceAddresses>();
  let isSteady = false;
  for (let round = 0; round < MOST_ROUNDS && !isSteady; round++) {
    isSteady = true;
    for (const key of inOrder(cluster)) {
      const service = cluster.services.get(key)!;
      const assignment = lookAt(service, cluster, world);
      const after = cluster.services.get(key)!;
      if (after !== service) isSteady = false;
      if (assignment) services.set(key, assignment);
      else services.delete(key);
    }
  }
  return {
    world: { ...world, services: [...cluster.services.values()], eipClaims: cluster.claims() },
    services,
    isSteady,
  };
}

/** Services whose claim has a holder that is no Service any more: their addresses are free. */
function withoutStrays(world: World): readonly EipClaim[] {
  const services = new Set(world.services.map(keyOf));
  return world.eipClaims.flatMap((claim) => {
    const holders = claim.spec.holders.filter(
      ({ namespace, name }) => name === undefined || services.has(keyFor(namespace, name)),
    );
    if (holders.length === claim.spec.holders.length) return [claim];
    return holders.length > 0 ? [{ ...claim, spec: { ...claim.spec, holders } }] : [];
  });
}

/** A Service without `skycap.io/waiting-since` has just come, or has its address. */
function inOrder({ services }: AddressWorld): readonly string[] {
  const all = [...services.values()].filter(({ spec, metadata }) => {
    return (spec?.type === 'LoadBalancer' || metadata.annotations?.[CLAIM_ANNOTATION]) && !metadata.deletionTimestamp;
  });
  const waits = (service: Service): boolean => publishedAddresses(service).length === 0;
  const having = all.filter((service) => !waits(service)).map(keyOf);
  const waiting = all
    .filter(waits)
    .map((service) => waitingOf(service, waitingSinceOf(service) ?? service.metadata.creationTimestamp, false))
    .sort(compareWaiting);
  return [...having.sort(), ...waiting.map(({ key }) => key)];
}

function lookAt(service: Service, cluster: AddressWorld, world: World): ServiceAddresses | undefined {
  const before = viewOf(service, cluster, world.settings);
  const { parsed } = before;
  if (parsed.kind === 'notOurs') return release(before, cluster);
  const plain = requestWithoutAddresses(service);
  if (!plain) return undefined;
  const addressRequest = parsed.kind === 'addressRequest' ? parsed.addressRequest : undefined;
  const claimed = claimPublished(before, addressRequest ?? plain, cluster, world);
  const assignment = addressRequest
    ? assign(claimed, addressRequest, cluster, world)
    : decideInvalid(
        parsed.kind === 'invalid' ? parsed.problems : [],
        claimed.heldAddresses,
        plain,
        asStoredIn(cluster),
      );
  return settle(service, assignment, { addressRequest, plain }, cluster);
}

/** An address that Skycap published and that has no claim is claimed again. */
function claimPublished(view: ServiceView, request: AddressRequest, cluster: AddressWorld, world: World): ServiceView {
  const { service, heldAddresses } = view;
  const lost = publishedAddresses(service).filter(
    (address) => !isOneOf(heldAddresses, address) && (cluster.isOfEip(address) || isGiven(service, address)),
  );
  if (lost.length === 0) return view;
  const { holder } = claimRequestFor(view, request, tokenOf(service), world.settings.nowMs);
  for (const address of lost) {
    cluster.setHolder(address, cluster.isHolder(service), holder, cluster.eips.pools.containing(address));
  }
  return viewOf(service, cluster, world.settings);
}

function assign(view: ServiceView, addressRequest: AddressRequest, cluster: AddressWorld, world: World): Assignment {
  const chosen = choiceFor(view, addressRequest, cluster, { nowMs: world.settings.nowMs });
  const taken = chosen?.choice.kind === 'assigned' ? chosen.choice.given.filter(({ how }) => how !== 'held') : [];
  for (const { address, eip } of taken) {
    const holder = withRequest(chosen!.claimRequest.holder, requestOf(addressRequest, address));
    cluster.setHolder(address, cluster.isHolder(view.service), holder, eip);
  }
  const { heldAddresses } = taken.length > 0 ? cluster.heldAddressesOf(view.service) : view;
  return assignmentFor({ ...view, heldAddresses }, addressRequest, chosen?.choice, cluster);
}

/** Publishes, and changes the claims accordingly. */
function settle(
  service: Service,
  assignment: Assignment,
  { addressRequest, plain }: { readonly addressRequest: AddressRequest | undefined; readonly plain: AddressRequest },
  cluster: AddressWorld,
): ServiceAddresses {
  const { heldAddresses } = cluster.heldAddressesOf(service);
  const isHolder = cluster.isHolder(service);
  const used = assignment.uses.map(({ address }) => address);
  for (const held of heldAddresses) {
    const isUsed = used.some((address) => sameAddress(address, held.address));
    cluster.setHolder(held.address, isHolder, isUsed ? renewed(held, assignment, addressRequest ?? plain) : undefined);
  }
  publish(service, assignment.uses, cluster);
  return { addresses: used.map(formatAddress), reason: assignment.reason, message: assignment.message };
}

function renewed({ own, address }: HeldAddress, { waits }: Assignment, request: AddressRequest) {
  const wanted = requestOf(request, address);
  const next = waits === 'must' ? keptRequest(wanted, own) : wanted;
  return withRequest(own, { ...requestIn(own), ...next });
}

/** Entries of other controllers stay. */
function publish(service: Service, uses: Assignment['uses'], cluster: AddressWorld): void {
  const used = uses.map(({ address }) => address);
  const texts = used.map(formatAddress);
  const ingress = service.status?.loadBalancer?.ingress ?? [];
  const foreign = ingress.filter(({ ip = '' }) => {
    const address = parseAddress(ip);
    return !address || !(cluster.isOfEip(address) || isGiven(service, address) || texts.includes(ip));
  });
  const before = ingress.filter((entry) => !foreign.includes(entry)).map(({ ip = '' }) => ip);
  const eip = uses[0]?.eipName;
  const labelled = service.metadata.labels?.[EIP_LABEL];
  if (before.join() === texts.join() && (eip === undefined || eip === labelled)) return;
  const managed = managedMetadataOf(service);
  const marked =
    texts.length > 0
      ? { addresses: texts.join(','), token: tokenOf(service), eip }
      : { waitingSince: managed.waitingSince };
  const own = texts.map((ip) => ({ ip, ipMode: 'VIP' as const }));
  cluster.put({
    ...withManagedMetadata(service, marked),
    status: { ...service.status, loadBalancer: { ingress: [...own, ...foreign] } },
  });
}

/** Skycap serves the Service no longer: its addresses are free. @returns undefined if it never did. */
function release(view: ServiceView, cluster: AddressWorld): ServiceAddresses | undefined {
  const { service, heldAddresses } = view;
  const isOurs = heldAddresses.length > 0 || service.metadata.annotations?.[ADDRESSES_ANNOTATION] !== undefined;
  if (!isOurs) return undefined;
  for (const { address } of heldAddresses) cluster.setHolder(address, cluster.isHolder(service), undefined);
  publish(service, [], cluster);
  return { addresses: [], reason: 'NotLoadBalancer', message: 'the Service asks for no address of Skycap any more' };
}

function isGiven(service: Service, address: Address): boolean {
  return [...givenAddresses(service), ...annotatedAddresses(service)].some((one) => sameAddress(one, address));
}

function isOneOf(heldAddresses: readonly HeldAddress[], address: Address): boolean {
  return heldAddresses.some((held) => sameAddress(held.address, address));
}
