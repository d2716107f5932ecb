/** The addresses that one node at a time has to answer for: published by Services, from Eips of layer 2. Pure. */

import { type EipOfAddress, eipFinder } from '../../../lib/announce/eip-of-address.ts';
import { type EndpointPlaces, placesOf } from '../../../lib/announce/endpoints.ts';
import type { Eip } from '../../../lib/api/eip/eip.ts';
import { isLayer2 } from '../../../lib/api/eip/eip.ts';
import { keyOf } from '../../../lib/api/meta/object.ts';
import { publishedAddresses } from '../../../lib/api/service/published-addresses.ts';
import type { EndpointSlice, Service } from '../../../lib/api/service/service.ts';
import { type Address, formatAddress } from '../../../lib/net/address.ts';
import { PerService } from '../../cluster/per-service.ts';
import type { Snapshot } from '../../cluster/snapshot.ts';

/** A Service that publishes the address, and the nodes with its endpoints of the address's family. */
export interface SharingService {
  readonly service: Service;
  readonly places: EndpointPlaces;
}

export interface Layer2Candidate {
  readonly address: Address;
  /** The address in canonical text. */
  readonly text: string;
  readonly eip: Eip;
  /** At least one; more if Services share the address. */
  readonly sharers: readonly SharingService[];
}

/** The Services that publish the address, for Events: objects from a list come without their kind. */
export function sharingServicesOf(wanted: Layer2Candidate | undefined) {
  return (wanted?.sharers ?? []).map(({ service: { metadata } }) => ({ apiVersion: 'v1', kind: 'Service', metadata }));
}

/** Whether an Eip asks for layer 2: without one a speaker takes no part in layer 2. */
export function usesLayer2(eips: Snapshot['eips']): boolean {
  return layer2Eips(eips).length > 0;
}

export function layer2Eips(eips: Snapshot['eips']): readonly Eip[] {
  return [...eips.values()].flatMap((eip) =>
    eip.ok && isLayer2(eip.value) && !eip.value.announcedByCni ? [eip.value] : [],
  );
}

/**
 * The addresses of layer 2 by their text, made anew only for Services that changed. The result depends on the snapshot alone: a new index has the same
 * addresses as one that has followed every change.
 */
export class Layer2AddressIndex {
  readonly #perService = new PerService<readonly Layer2Candidate[]>();
  /** The candidates of each Service, by the text of the address. */
  readonly #sharers = new Map<string, readonly Layer2Candidate[]>();
  readonly #wanted = new Map<string, Layer2Candidate>();

  /** Call this for every change of a Service or of one of its EndpointSlices. */
  changed(serviceKey: string): void {
    this.#perService.changed(serviceKey);
  }

  /** @returns the index's own map, which the next call changes. */
  addresses({ services, slices, eips }: Snapshot): ReadonlyMap<string, Layer2Candidate> {
    const eipOf = eipFinder(eips);
    this.#perService.update({
      services,
      basis: [services, slices, eips],
      make: (key, service) => {
        const own = wantedBy(service, slices.get(key), eipOf);
        return own.length > 0 ? own : undefined;
      },
      onReplaced: (_, old = [], now = []) => {
        for (const one of old) this.#share(one.text, (all) => all.filter((other) => other !== one));
        for (const one of now) this.#share(one.text, (all) => [...all, one]);
      },
    });
    return this.#wanted;
  }

  #share(text: string, change: (all: readonly Layer2Candidate[]) => readonly Layer2Candidate[]): void {
    const all = change(this.#sharers.get(text) ?? []);
    const [first, ...others] = all.toSorted(byService);
    if (first) {
      this.#sharers.set(text, all);
      const sharers = [first, ...others].flatMap((one) => one.sharers);
      this.#wanted.set(text, { ...first, sharers });
    } else {
      this.#sharers.delete(text);
      this.#wanted.delete(text);
    }
  }
}

/** Each candidate is of one Service. */
function byService(a: Layer2Candidate, b: Layer2Candidate): number {
  const [one, other] = [a, b].map(({ sharers }) => (sharers[0] ? keyOf(sharers[0].service) : ''));
  return one! < other! ? -1 : 1;
}

function wantedBy(service: Service, slices: readonly EndpointSlice[], eipOf: EipOfAddress): readonly Layer2Candidate[] {
  return publishedAddresses(service).flatMap((address): Layer2Candidate[] => {
    const eip = eipOf(service, address);
    if (!eip?.ok || !isLayer2(eip.value) || eip.value.announcedByCni) return [];
    const sharers = [{ service, places: placesOf(slices, address.family) }];
    return [{ address, text: formatAddress(address), eip: eip.value, sharers }];
  });
}
