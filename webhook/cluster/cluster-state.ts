/**
 * The state of the cluster in the webhook's memory: the ledger of the EipClaims, the Eips as pools, the labels of namespaces, the cluster's first IP family.
 * A review therefore needs no request to the API server.
 */
import type { NodeAddress, OtherPeer } from '../../lib/api/bgp/bgp-peer-advice.ts';
import { parseBgpPeer } from '../../lib/api/bgp/parse-bgp-peer.ts';
import type { Eip } from '../../lib/api/eip/eip.ts';
import type { EipObject } from '../../lib/api/eip/eip-types.ts';
import { parseEip } from '../../lib/api/eip/parse-eip.ts';
import type { LiveAddress } from '../../lib/api/eip/validate-eip.ts';
import type { KubeObject } from '../../lib/api/meta/object.ts';
import { managedMetadataOf, markedAddresses } from '../../lib/api/service/managed-metadata.ts';
import type { AddressRequestContext, UnmarkedServices } from '../../lib/api/service/parse-address-request.ts';
import { publishedAddresses } from '../../lib/api/service/published-addresses.ts';
import { isLeftAlone, isServedByAnother } from '../../lib/api/service/served-by-another.ts';
import type { Namespace, Service } from '../../lib/api/service/service.ts';
import type { EipClaim } from '../../lib/api/skycap/claim.ts';
import { claimAddress } from '../../lib/api/skycap/claim.ts';
import type { ChooseInput } from '../../lib/ipam/choice/choose.ts';
import type { HeldAddress } from '../../lib/ipam/choice/held-address.ts';
import { Ledger } from '../../lib/ipam/choice/ledger.ts';
import { holderName } from '../../lib/ipam/choice/sharing.ts';
import { buildPools, type Pools } from '../../lib/ipam/pools/pools.ts';
import { ReservedAddresses, type ReservedSources } from '../../lib/ipam/pools/reserved.ts';
import { accountOf, eipProblem, type Source } from '../../lib/ipam/pools/source.ts';
import type { Withheld } from '../../lib/ipam/pools/withheld.ts';
import type { Store } from '../../lib/kube/cache/store.ts';
import { type Address, type Family, formatAddress, parseAddress, sameAddress } from '../../lib/net/address.ts';
import { claimsHeld, type ServiceClaimRequest } from './service-claim-request.ts';

export interface ClusterStateSources extends ReservedSources {
  readonly eips: Store<EipObject>;
  readonly claims: Store<EipClaim>;
  readonly namespaces: Store<Namespace>;
  /** Undefined until read. */
  readonly primaryFamily: () => Family | undefined;
  /** Whether the addresses that Services publish without a claim are known. */
  readonly isUnclaimedKnown: () => boolean;
  readonly unmarkedServices: UnmarkedServices;
}

export class ClusterState {
  readonly ledger = new Ledger();
  readonly #sources: ClusterStateSources;
  readonly #reserved: ReservedAddresses;
  /** Parsed and built lazily after a change. */
  #eips: readonly Eip[] | undefined;
  #pools: Pools | undefined;
  /** Namespaces that were read before the watch returned them. */
  readonly #learned = new Map<string, Namespace>();

  constructor(sources: ClusterStateSources) {
    this.#sources = sources;
    this.#reserved = new ReservedAddresses(sources);
    sources.eips.subscribe(() => {
      this.#eips = undefined;
      this.#pools = undefined;
    });
    sources.namespaces.subscribe(({ key }) => this.#learned.delete(key));
    sources.claims.subscribe((change) => {
      const address = claimAddress(change.object.metadata.name ?? '');
      if (change.type !== 'deleted') this.ledger.apply(change.object);
      else if (address) this.ledger.forget(address, change.object.metadata.uid);
    });
  }

  /** The knowledge that a review still needs; undefined if the review can be decided. */
  get missing(): string | undefined {
    const { eips, claims, namespaces, primaryFamily, isUnclaimedKnown } = this.#sources;
    if (!eips.synced) return 'the Eips are not read yet';
    if (!claims.synced) return 'the EipClaims are not read yet';
    if (!namespaces.synced) return 'the Namespaces are not read yet';
    const { nodes, bgpPeers, serviceCidrs, speakers } = this.#sources;
    if (![nodes, bgpPeers, serviceCidrs, speakers].every(({ synced }) => synced)) {
      return 'the addresses of the cluster itself are not read yet';
    }
    if (!isUnclaimedKnown()) return 'the published addresses are not read yet';
    return primaryFamily() === undefined ? 'the first IP family of the cluster is not known yet' : undefined;
  }

  /** @param old as it is stored; absent at creation. */
  addressRequestContext(old?: Service): AddressRequestContext {
    const { unmarkedServices, primaryFamily } = this.#sources;
    return {
      unmarkedServices,
      defaultEipExists: this.#currentPools().hasDefault,
      isServedByAnother: old !== undefined && this.#isServedByAnother(old),
      primaryFamily: primaryFamily() ?? 4,
    };
  }

  chooseInputFor(claimRequest: ServiceClaimRequest): ChooseInput {
    const { addressRequest, isSelf, published, former, isUnconfirmed, portsBefore, asksAsBefore } = claimRequest;
    // A Service under creation holds nothing: it joins a claim of a deleted Service of its name as a new holder.
    const heldAddresses = isUnconfirmed ? this.heldAddressesOf(claimRequest) : [];
    return {
      pools: this.#currentPools(),
      taken: this.ledger,
      namespaceLabels: this.#namespace(addressRequest.namespace)?.metadata.labels ?? {},
      held: claimsHeld(claimRequest, this.ledger),
      established: heldAddresses.filter(({ isEstablished }) => isEstablished).map(({ address }) => address),
      isSelf,
      published,
      former,
      ...(portsBefore && { portsBefore }),
      ...(asksAsBefore && { asksAsBefore }),
      withheldFrom: (eip) => this.withheldFrom(eip),
    };
  }

  /** Every BgpPeer without problems. */
  bgpPeers(): OtherPeer[] {
    return [...this.#sources.bgpPeers.values()].flatMap((raw) => {
      const parsed = parseBgpPeer(raw);
      return parsed.ok ? [parsed.value] : [];
    });
  }

  /** Names and labels of every BgpPeer, also of one that can't be read. */
  bgpPeerMetadata(): Pick<KubeObject, 'metadata'>[] {
    return [...this.#sources.bgpPeers.values()];
  }

  nodeAddresses(): NodeAddress[] {
    return [...this.#sources.nodes.values()].flatMap(({ metadata: { name = '' }, status }) =>
      (status?.addresses ?? []).flatMap(({ address: text }) => {
        const address = parseAddress(text);
        return address ? [{ node: name, address }] : [];
      }),
    );
  }

  /** The addresses of the Eip that are never given. */
  withheldFrom(eip: Eip): Withheld {
    return this.#reserved.withheldFrom(eip);
  }

  /** Whether the labels of the namespace are unknown, and an Eip may select the namespace by them. */
  lacksNamespace(name: string): boolean {
    return this.#namespace(name) === undefined && this.eips().some((eip) => eip.namespaceSelector !== undefined);
  }

  learnNamespace(namespace: Namespace): void {
    const { name = '' } = namespace.metadata;
    if (!this.#sources.namespaces.get(name)) this.#learned.set(name, namespace);
  }

  /** Every Eip without problems, including Eips that overlap. */
  eips(): readonly Eip[] {
    this.#eips ??= [...this.#sources.eips.values()].flatMap((raw) => {
      const parsed = parseEip(raw);
      return parsed.ok ? [parsed.value] : [];
    });
    return this.#eips;
  }

  /** The addresses that a Service holds, with the state of their Eips. */
  heldAddressesOf(claimRequest: ServiceClaimRequest): readonly HeldAddress[] {
    const { isSelf, former } = claimRequest;
    return claimsHeld(claimRequest, this.ledger).flatMap((claim): HeldAddress[] => {
      const address = claimAddress(claim.metadata.name ?? '');
      const own = claim.spec.holders.find(isSelf);
      if (!address || !own) return [];
      const isEstablished = own.uid !== undefined || former.some((one) => sameAddress(one, address));
      return [{ address, claim, own, isEstablished, ...this.#stateOf(address, claim.spec) }];
    });
  }

  /**
   * The addresses that a Service was given and publishes, if neither Eip nor claim exists: their CRDs were deleted. The allocator claims the addresses again; until then
   * nothing else is chosen.
   */
  lostAddressesOf(service: Service, { holder }: ServiceClaimRequest): readonly HeldAddress[] {
    const managed = managedMetadataOf(service);
    const { eip } = managed;
    if (eip === undefined) return [];
    const marked = markedAddresses(managed);
    const lost = publishedAddresses(service).filter(
      (address) =>
        marked.some((one) => sameAddress(one, address)) &&
        this.eipOf(address) === undefined &&
        this.ledger.claimOf(address) === undefined,
    );
    return lost.map((address) => {
      const spec = { address: formatAddress(address), eip, holders: [holder] };
      const claim: EipClaim = { apiVersion: 'skycap.io/v1alpha1', kind: 'EipClaim', metadata: {}, spec };
      return { address, claim, own: holder, eipName: eip, eip: 'unusable', isEstablished: true };
    });
  }

  /** Why the Eip of a claim does not have the address. */
  eipProblemOf(source: Source): string {
    const object = this.#sources.eips.get(source.eip);
    return eipProblem(source, object, object && parseEip(object), this.#currentPools()).message;
  }

  /** The name of the Eip that has the address. */
  eipOf(address: Address): string | undefined {
    return this.#currentPools().containing(address)?.name;
  }

  /** Whether the Service is a holder in the claim of the address. */
  isClaimedBy(address: Address, service: { readonly namespace: string; readonly name: string }): boolean {
    const holders = this.ledger.claimOf(address)?.spec.holders ?? [];
    return holders.some(({ namespace, name }) => namespace === service.namespace && name === service.name);
  }

  /** The addresses that count to an Eip, with their holders. */
  liveAddresses(eipName: string): readonly LiveAddress[] {
    return this.claimsOf(eipName).map(({ spec }) => ({
      address: spec.address,
      services: spec.holders.map(holderName),
    }));
  }

  /** The claims that count to the Eip. */
  claimsOf(eipName: string): readonly EipClaim[] {
    const pools = this.#currentPools();
    const { eips } = this.#sources;
    return [...this.ledger.claims()].filter((claim) => accountOf(claim, pools, (name) => eips.get(name)) === eipName);
  }

  /** True for a Service with the condition `ServedByAnother`, even if no other load balancer serves it now: the allocator takes such a Service. */
  #isServedByAnother(service: Service): boolean {
    if (isLeftAlone(service)) return true;
    if (managedMetadataOf(service).addresses !== undefined) return false;
    return isServedByAnother(service, (address) => this.#currentPools().containing(address) !== undefined);
  }

  #stateOf(address: Address, source: Source): Pick<HeldAddress, 'eipName' | 'eip'> {
    const pool = this.#currentPools().containing(address);
    if (pool) return { eipName: pool.name, eip: 'usable' };
    return { eipName: source.eip, eip: 'unusable' };
  }

  #namespace(name: string): Namespace | undefined {
    return this.#sources.namespaces.get(name) ?? this.#learned.get(name);
  }

  #currentPools(): Pools {
    this.#pools ??= buildPools(this.eips());
    return this.#pools;
  }
}
