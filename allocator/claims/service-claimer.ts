/** Chooses and claims addresses for a stored Service, and takes over stray claims. */

import type { AddressRequest } from '../../lib/api/service/address-request.ts';
import { claimAddress, claimName } from '../../lib/api/skycap/claim.ts';
import {
  chooseInputFor,
  claimRequestFor,
  remainingRequest,
  type ServiceView,
  viewOf,
} from '../../lib/ipam/assignment/service-view.ts';
import { type Choice, type ChooseInput, choose } from '../../lib/ipam/choice/choose.ts';
import { Claimer, type ClaimRequest } from '../../lib/ipam/claims/claimer.ts';
import { TakenButFor } from '../../lib/ipam/claims/taken-but-for.ts';
import type { Address } from '../../lib/net/address.ts';
import type { Deps } from '../deps.ts';
import type { StrayClaims } from './stray-claims.ts';

export interface ServiceClaimerDeps extends Pick<Deps, 'client' | 'cluster' | 'config' | 'newToken' | 'nowMs'> {
  readonly strays: StrayClaims;
}

export class ServiceClaimer {
  readonly #deps: ServiceClaimerDeps;

  constructor(deps: ServiceClaimerDeps) {
    this.#deps = deps;
  }

  /** The choice for the view, without a write. */
  preview(view: ServiceView, addressRequest: AddressRequest): Choice {
    return choose(addressRequest, chooseInputFor(view, this.request(view, addressRequest), this.#deps.cluster));
  }

  /** The addresses that the Service would get now; empty if it would get none. */
  wouldTake(key: string): readonly Address[] {
    const { cluster, config } = this.#deps;
    const service = cluster.services.get(key);
    const view = service && viewOf(service, cluster, config);
    if (view?.parsed.kind !== 'addressRequest' || view.unsure) return [];
    const beyond = remainingRequest(view.parsed.addressRequest, view.pinned);
    const choice = beyond && this.preview(view, beyond);
    return choice?.kind === 'assigned' ? choice.given.map(({ address }) => address) : [];
  }

  /** A Claimer that gathers the Service's claims anew in every round, since the ledger may have changed. */
  for(view: ServiceView): Claimer {
    const { client, cluster } = this.#deps;
    const chooseInput = (claimRequest: ClaimRequest): ChooseInput => {
      const { heldAddresses } = cluster.heldAddressesOf(view.service);
      return chooseInputFor({ ...view, heldAddresses }, claimRequest, cluster);
    };
    return new Claimer({ client, ledger: cluster.ledger, chooseInput });
  }

  request(view: ServiceView, addressRequest: AddressRequest): ClaimRequest {
    return claimRequestFor(view, addressRequest, this.tokenForNew(view), this.#deps.nowMs());
  }

  /** One token for all claims of a Service. If the token in the annotation is another Service's, the token is a new one. */
  tokenForNew({ service, heldAddresses }: ServiceView): string {
    const { cluster, newToken } = this.#deps;
    const [first] = heldAddresses;
    if (first) return first.own.token;
    const token = cluster.tokenOf(service);
    const isHolder = cluster.isHolder(service);
    const namespace = service.metadata.namespace ?? '';
    const isForeign =
      token !== undefined &&
      cluster.ledger
        .heldByToken(namespace, token)
        .some(({ spec }) => spec.holders.some((holder) => holder.token === token && !isHolder(holder)));
    return token === undefined || isForeign ? newToken() : token;
  }

  /** Takes over claims whose Services were never stored, if the Service then has all that it asks for. @returns whether any claim has changed. */
  async takeOver(view: ServiceView, addressRequest: AddressRequest, signal: AbortSignal): Promise<boolean> {
    const { cluster, strays } = this.#deps;
    const claims = strays.givingWayTo(view.service.metadata.namespace ?? '');
    if (claims.length === 0) return false;
    const claimRequest = this.request(view, addressRequest);
    const chooseInput = chooseInputFor(view, claimRequest, cluster);
    const choice = choose(addressRequest, { ...chooseInput, taken: new TakenButFor(chooseInput.taken, claims) });
    if (choice.kind !== 'assigned') return false;
    const names = choice.given.map(({ address }) => claimName(address));
    const taken = claims.filter(({ metadata: { name = '' } }) => names.includes(name));
    const { claims: store } = this.for(view);
    const { holder: own } = claimRequest;
    const ends = await Promise.all(
      taken.map((claim) => strays.take(claim, () => store.replace(claim, [own], { signal }), signal)),
    );
    // A Service that needs both families has no use for one alone.
    if (ends.includes(false)) {
      for (const [i, { metadata }] of taken.entries()) {
        const address = ends[i] ? claimAddress(metadata.name ?? '') : undefined;
        if (address) await store.release(address, own);
      }
    }
    return taken.length > 0;
  }
}
