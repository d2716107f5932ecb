/**
 * The state of the cluster, kept warm whether this replica leads or not: the stores, and indexes of them.
 * It only reads; a leader acts on it.
 */

import type { Eip } from '../../lib/api/eip/eip.ts';
import { CLAIM_ANNOTATION, EIP_LABEL } from '../../lib/api/keys.ts';
import { keyFor, keyOf } from '../../lib/api/meta/object.ts';
import { publishedAddresses } from '../../lib/api/service/published-addresses.ts';
import type { Service } from '../../lib/api/service/service.ts';
import { type ClaimHolder, claimAddress, type EipClaim } from '../../lib/api/skycap/claim.ts';
import type { HeldAddressesView } from '../../lib/ipam/assignment/assignment-cluster.ts';
import { heldAddressesIn } from '../../lib/ipam/assignment/held-addresses.ts';
import { claimsOf, holdersOf, type IsHolder, namesOf, type ServiceIdentity } from '../../lib/ipam/claims/holders-of.ts';
import { annotatedAddresses } from '../../lib/ipam/claims/service-claims.ts';
import { ReservedAddresses } from '../../lib/ipam/pools/reserved.ts';
import { type Address, formatAddress } from '../../lib/net/address.ts';
import { rangeContains } from '../../lib/net/range.ts';
import type { Clock } from '../../lib/process/clock.ts';
import { CreateDuration } from './create-duration.ts';
import { EipCache } from './eip-cache.ts';
import { EndpointIndex } from './endpoint-index.ts';
import { HolderFirstSeen } from './holder-first-seen.ts';
import { MutationCache } from './mutation-cache.ts';
import { NotifyingLedger } from './notifying-ledger.ts';
import { RewriteBackoff } from './rewrite-backoff.ts';
import { ServiceIndex } from './service-index.ts';
import type { Stores } from './stores.ts';

/** It goes into a claim, whose schema refuses a longer text. */
const TOKEN = /^[\w-]{1,128}$/;

/** Made once; it subscribes to the stores before all others, so that each later subscriber finds a change in it. */
export class ClusterState {
  readonly stores: Stores;
  /** Services, with this process's own writes in front. */
  readonly services: MutationCache<Service>;
  readonly index: ServiceIndex;
  readonly eips: EipCache;
  readonly reserved: ReservedAddresses;
  /** The taken addresses, by the watch on claims and by this process's own writes. */
  readonly ledger = new NotifyingLedger();
  readonly holderFirstSeen: HolderFirstSeen;
  readonly createDuration: CreateDuration;
  readonly endpoints: EndpointIndex;
  /** Of parts that other controllers overwrite. */
  readonly rewriteBackoff: RewriteBackoff;
  /** Names of claims that are being taken over from Services which never came (`stray-claims.ts`). */
  readonly beingTaken = new Set<string>();

  constructor(stores: Stores, clock: Clock) {
    this.stores = stores;
    this.services = new MutationCache(stores.services);
    this.index = new ServiceIndex(this.services);
    this.eips = new EipCache(stores.eips, clock, () => [...stores.services.values()].flatMap(publishedAddresses));
    this.reserved = new ReservedAddresses(stores);
    this.holderFirstSeen = new HolderFirstSeen(clock, (holder) => this.#uidOf(holder));
    this.createDuration = new CreateDuration(clock.monotonicMs);
    this.rewriteBackoff = new RewriteBackoff(clock);
    this.endpoints = new EndpointIndex(stores);
    stores.services.subscribe(({ type, key, object }) => {
      if (type === 'deleted') this.endpoints.forget(key);
      else this.#noteStored(object, type === 'added');
    });
    stores.claims.subscribe((change) => {
      this.holderFirstSeen.onChange(change);
      if (change.type !== 'deleted') this.ledger.apply(change.object);
      else this.#forget(change.object);
    });
  }

  #noteStored(service: Service, isNew: boolean): void {
    const { namespace = '', name, uid = '', annotations } = service.metadata;
    const token = annotations?.[CLAIM_ANNOTATION];
    if (token === undefined) return;
    for (const claim of this.ledger.heldByToken(namespace, token)) {
      const holder = claim.spec.holders.find((one) => one.token === token && one.uid === undefined);
      if (!holder || (holder.name ?? name) !== name) continue;
      if (isNew) this.createDuration.note(this.holderFirstSeen.ageMs(claim, holder));
      this.holderFirstSeen.noteStored(claim, holder, uid);
    }
  }

  /** Of the stored Service with the holder's token. */
  #uidOf({ namespace, name, token }: ClaimHolder): string | undefined {
    const service =
      name === undefined ? this.index.ownerOf(namespace, token) : this.services.get(keyFor(namespace, name));
    return service?.metadata.annotations?.[CLAIM_ANNOTATION] === token ? service.metadata.uid : undefined;
  }

  /** Whether all stores have their first list. */
  get synced(): boolean {
    return Object.values(this.stores).every(({ synced }) => synced);
  }

  /** Takes in a Service as the API server answered. */
  saw(service: Service): void {
    this.services.put(service);
    this.index.look(keyOf(service));
  }

  /** Claims with a holder of the Service's, in order of preference. */
  claimsOf(service: Service): readonly EipClaim[] {
    const shown = (): Address[] => [...publishedAddresses(service), ...annotatedAddresses(service)];
    return claimsOf(this.identityOf(service), this.isHolder(service), shown, this.ledger);
  }

  /** Without an await: Eips that are not known yet are named in the answer. */
  heldAddressesOf(service: Service): HeldAddressesView {
    return heldAddressesIn({
      service,
      identity: this.identityOf(service),
      claims: this.claimsOf(service),
      isHolder: this.isHolder(service),
      stateOf: (address, source) => this.eips.stateOf(address, source),
    });
  }

  /** Which holder in a claim is the Service's. */
  isHolder(service: Service): IsHolder {
    return holdersOf(this.identityOf(service), 'counts');
  }

  /** As claims know the Service. */
  identityOf(service: Service): ServiceIdentity {
    return { ...namesOf(service), token: this.tokenOf(service) };
  }

  /** The token in its annotation, unless that was copied from another Service, or is none that we could have written. */
  tokenOf(service: Service): string | undefined {
    const token = service.metadata.annotations?.[CLAIM_ANNOTATION];
    if (token === undefined || !TOKEN.test(token)) return undefined;
    const owner = this.index.ownerOf(service.metadata.namespace ?? '', token);
    return owner === undefined || keyOf(owner) === keyOf(service) ? token : undefined;
  }

  /** An Eip that counts has the address. */
  isOfEip(address: Address): boolean {
    return this.eips.pools.containing(address) !== undefined;
  }

  /** Why the address is given to no Service now. */
  whyReserved(address: Address): string | undefined {
    const eip = this.eips.pools.containing(address);
    return eip && this.reserved.withheldFrom(eip).whyReserved(address);
  }

  /** Another Service has a claim on the address, and this one has not. */
  isTakenByOthers(address: Address, service: Service): boolean {
    const claim = this.ledger.claimOf(address);
    return claim !== undefined && !claim.spec.holders.some(this.isHolder(service));
  }

  /** Whether all Services of ours that publish the address are in its claim; `except` may be about to join it. */
  isClaimedByPublishers(address: Address, except: string): boolean {
    const holders = this.ledger.claimOf(address)?.spec.holders ?? [];
    return [...this.index.publishersOf(formatAddress(address))].every(
      (key) => key === except || holders.some(({ namespace, name = '' }) => keyFor(namespace, name) === key),
    );
  }

  /** The Eip of a Service's address, by the rule of the nodes; also a deleted one, as far as this process remembers it. */
  eipOf(service: Service, address: Address): Eip | undefined {
    const labelled = this.eips.parsed(service.metadata.labels?.[EIP_LABEL] ?? '');
    const isLabelled = labelled?.ok && rangeContains(labelled.value.range, address);
    return isLabelled ? labelled.value : this.eips.announcing(address);
  }

  #forget(claim: EipClaim): void {
    const address = claimAddress(claim.metadata.name ?? '');
    if (!address) return;
    // A claim that the allocator releases is of an address that no Service publishes.
    if (this.index.isPublished(address)) this.eips.doubt();
    this.ledger.forget(address, claim.metadata.uid);
  }
}
