/** An address that one node at a time has to answer for: published by a Service, from an Eip of layer 2. PURE. */
import type { EipOfAddress, EipsByName } from '../announce/eip-of-address.ts';
import { type EndpointPlaces, placesOf } from '../announce/endpoints.ts';
import { type Eip, isLayer2 } from '../api/eip/eip.ts';
import { keyOf } from '../api/meta/object.ts';
import { publishedAddresses } from '../api/service/published-addresses.ts';
import type { EndpointSlice, Service } from '../api/service/service.ts';
import { type Address, formatAddress } from '../net/address.ts';

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
export function usesLayer2(eips: EipsByName): boolean {
  return layer2Eips(eips).length > 0;
}

export function layer2Eips(eips: EipsByName): readonly Eip[] {
  return [...eips.values()].flatMap((eip) =>
    eip.ok && isLayer2(eip.value) && !eip.value.announcedByCni ? [eip.value] : [],
  );
}

/** The candidates of one Service. */
export function wantedBy(
  service: Service,
  slices: readonly EndpointSlice[],
  eipOf: EipOfAddress,
): readonly Layer2Candidate[] {
  return publishedAddresses(service).flatMap((address): Layer2Candidate[] => {
    const eip = eipOf(service, address);
    if (!eip?.ok || !isLayer2(eip.value) || eip.value.announcedByCni) return [];
    const sharers = [{ service, places: placesOf(slices, address.family) }];
    return [{ address, text: formatAddress(address), eip: eip.value, sharers }];
  });
}

/** The candidates of all Services that publish one address, as one. */
export function sharedCandidate(all: readonly [Layer2Candidate, ...Layer2Candidate[]]): Layer2Candidate {
  const [first, ...others] = all.toSorted(byService) as [Layer2Candidate, ...Layer2Candidate[]];
  return { ...first, sharers: [first, ...others].flatMap((one) => one.sharers) };
}

/** Each candidate is of one Service. */
function byService(a: Layer2Candidate, b: Layer2Candidate): number {
  const [one, other] = [a, b].map(({ sharers }) => (sharers[0] ? keyOf(sharers[0].service) : ''));
  return one! < other! ? -1 : 1;
}
