/**
 * The cluster as the decision about addresses reads it, made from the objects once and changed by each decision: the Services with what they publish, and the claims.
 */
import type { Eip } from '../api/eip/eip.ts';
import type { EipObject } from '../api/eip/eip-types.ts';
import { parseEip } from '../api/eip/parse-eip.ts';
import { CLAIM_ANNOTATION } from '../api/keys.ts';
import { ageKey, keyFor, keyOf } from '../api/meta/object.ts';
import type { Parsed } from '../api/problem.ts';
import { publishedAddresses } from '../api/service/published-addresses.ts';
import type { Service } from '../api/service/service.ts';
import { type ClaimHolder, claimName, type EipClaim } from '../api/skycap/claim.ts';
import type { AssignmentCluster, HeldAddressesView, SourceState } from '../ipam/assignment/assignment-cluster.ts';
import { heldAddressesIn } from '../ipam/assignment/held-addresses.ts';
import { Ledger } from '../ipam/choice/ledger.ts';
import { claimsOf, holdersOf, type IsHolder, namesOf, type ServiceIdentity } from '../ipam/claims/holders-of.ts';
import { annotatedAddresses } from '../ipam/claims/service-claims.ts';
import type { Obstacle } from '../ipam/pools/obstacle.ts';
import { buildPools } from '../ipam/pools/pools.ts';
import { type ReservingObjects, reservedIn } from '../ipam/pools/reserved.ts';
import { eipProblem, isSource, type Source, sourceOf } from '../ipam/pools/source.ts';
import { type Address, formatAddress } from '../net/address.ts';

export interface AddressObjects extends ReservingObjects {
  readonly services: readonly Service[];
  readonly eips: readonly EipObject[];
  readonly eipClaims: readonly EipClaim[];
  /** The UIDs of deleted Eips whose addresses the Services lose. */
  readonly releasedEips: ReadonlySet<string>;
}

export class AddressWorld implements AssignmentCluster {
  readonly services: Map<string, Service>;
  readonly ledger = new Ledger();
  readonly stores: AssignmentCluster['stores'];
  readonly eips: AssignmentCluster['eips'];
  readonly index: AssignmentCluster['index'];
  readonly reserved: AssignmentCluster['reserved'];
  readonly #eipObjects: ReadonlyMap<string, EipObject>;
  readonly parsedEips: ReadonlyMap<string, Parsed<Eip>>;
  readonly #released: ReadonlySet<string>;
  /** Text of an address → keys of the Services that publish it. */
  readonly #publishers = new Map<string, Set<string>>();
  /** Namespace and token → the Service that had the token first. */
  readonly #owners = new Map<string, Service>();
  #version = Number.MAX_SAFE_INTEGER - 1_000_000_000;

  constructor(objects: AddressObjects, namespaces: AssignmentCluster['stores']['namespaces']) {
    this.services = new Map(objects.services.map((service) => [keyOf(service), service]));
    this.#eipObjects = new Map(objects.eips.map((eip) => [keyOf(eip), eip]));
    this.parsedEips = new Map(objects.eips.map((eip) => [keyOf(eip), parseEip(eip)]));
    this.#released = objects.releasedEips;
    this.stores = { namespaces };
    const pools = buildPools([...this.parsedEips.values()].flatMap((eip) => (eip.ok ? [eip.value] : [])));
    this.eips = { pools, isInDoubt: false, existence: (source) => this.#existence(source) };
    this.index = {
      isPublishedByOthers: (address, key) => {
        const keys = this.#publishers.get(formatAddress(address));
        return keys !== undefined && keys.size > 0 && !keys.has(key);
      },
    };
    this.reserved = reservedIn(objects);
    for (const claim of objects.eipClaims) this.ledger.apply(claim);
    for (const service of this.services.values()) {
      this.#index(service);
      this.#noteToken(service);
    }
  }

  heldAddressesOf(service: Service): HeldAddressesView {
    const identity = this.#identityOf(service);
    const isHolder = this.isHolder(service);
    const shown = (): Address[] => [...publishedAddresses(service), ...annotatedAddresses(service)];
    const claims = claimsOf(identity, isHolder, shown, this.ledger);
    return heldAddressesIn({ service, identity, claims, isHolder, stateOf: (...args) => this.#stateOf(...args) });
  }

  isHolder(service: Service): IsHolder {
    return holdersOf(this.#identityOf(service), 'counts');
  }

  isOfEip(address: Address): boolean {
    return this.eips.pools.containing(address) !== undefined;
  }

  isClaimedByPublishers(address: Address, except: string): boolean {
    const holders = this.ledger.claimOf(address)?.spec.holders ?? [];
    const publishers = [...(this.#publishers.get(formatAddress(address)) ?? [])];
    return publishers.every(
      (key) => key === except || holders.some(({ namespace, name = '' }) => keyFor(namespace, name) === key),
    );
  }

  eipProblemOf(source: Source): Obstacle {
    return eipProblem(source, this.#eipObjects.get(source.eip), this.parsedEips.get(source.eip), this.eips.pools);
  }

  whyReserved(address: Address): string | undefined {
    const eip = this.eips.pools.containing(address);
    return eip && this.reserved.withheldFrom(eip).whyReserved(address);
  }

  /** The Services that publish the address. */
  publishersOf(address: Address): readonly Service[] {
    return [...(this.#publishers.get(formatAddress(address)) ?? [])].flatMap((key) => this.services.get(key) ?? []);
  }

  /** The Service is stored with what Skycap has written into it. */
  put(service: Service): void {
    const before = this.services.get(keyOf(service));
    for (const address of before ? publishedAddresses(before) : []) {
      this.#publishers.get(formatAddress(address))?.delete(keyOf(service));
    }
    this.services.set(keyOf(service), service);
    this.#index(service);
    this.#noteToken(service);
  }

  /** Replaces the holders of a Service in the claim of an address. */
  setHolder(address: Address, isHolder: IsHolder, holder: ClaimHolder | undefined, eip?: Eip): void {
    const claim = this.ledger.claimOf(address);
    const others = (claim?.spec.holders ?? []).filter((one) => !isHolder(one));
    const holders = holder ? [...others, holder] : others;
    if (holders.length === 0) {
      this.ledger.forget(address);
      return;
    }
    const spec = claim?.spec ?? { address: formatAddress(address), ...(eip ? sourceOf(eip) : { eip: '' }) };
    const name = claimName(address);
    const metadata = { ...claim?.metadata, name, resourceVersion: `${this.#version++}` };
    this.ledger.apply({ apiVersion: 'skycap.io/v1alpha1', kind: 'EipClaim', metadata, spec: { ...spec, holders } });
  }

  claims(): readonly EipClaim[] {
    return [...this.ledger.claims()];
  }

  #index(service: Service): void {
    for (const address of publishedAddresses(service)) {
      const text = formatAddress(address);
      this.#publishers.set(text, (this.#publishers.get(text) ?? new Set()).add(keyOf(service)));
    }
  }

  #identityOf(service: Service): ServiceIdentity {
    const { namespace = '', annotations } = service.metadata;
    const token = annotations?.[CLAIM_ANNOTATION];
    const owner = token === undefined ? undefined : this.#owners.get(keyFor(namespace, token));
    const isOwn = owner === undefined || keyOf(owner) === keyOf(service);
    return { ...namesOf(service), token: isOwn ? token : undefined };
  }

  #noteToken(service: Service): void {
    const { namespace = '', annotations } = service.metadata;
    const token = annotations?.[CLAIM_ANNOTATION];
    if (token === undefined) return;
    const key = keyFor(namespace, token);
    const known = this.#owners.get(key);
    if (!known || ageKey(service) <= ageKey(known)) this.#owners.set(key, service);
  }

  #stateOf(address: Address, source: EipClaim['spec']): SourceState {
    const pool = this.eips.pools.containing(address);
    if (pool) return { name: pool.name, uid: pool.uid, state: 'usable' };
    const isReleased = source.eipUid !== undefined && this.#released.has(source.eipUid);
    return { name: source.eip, state: isReleased ? 'released' : 'unusable' };
  }

  #existence(source: Source): 'there' | 'gone' {
    const object = this.#eipObjects.get(source.eip);
    return object && isSource(object, source) ? 'there' : 'gone';
  }
}
