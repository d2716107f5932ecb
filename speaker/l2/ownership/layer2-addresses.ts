/** The addresses that one node at a time shall answer for: published by Services, from Eips of layer 2. Pure. */

import { eipOfAddress } from '../../../lib/announce/eip-of-address.ts';
import { type EndpointPlaces, placesOf } from '../../../lib/announce/endpoints.ts';
import type { Eip } from '../../../lib/api/eip/eip.ts';
import { isLayer2 } from '../../../lib/api/eip/eip.ts';
import { keyOf } from '../../../lib/api/meta/object.ts';
import { publishedAddresses } from '../../../lib/api/service/published-addresses.ts';
import type { EndpointSlice, Service } from '../../../lib/api/service/service.ts';
import { type Address, formatAddress } from '../../../lib/net/address.ts';
import type { Snapshot } from '../../cluster/snapshot.ts';

/** A Service that publishes the address, and where its endpoints of the address's family are. */
export interface SharingService {
  readonly service: Service;
  readonly places: EndpointPlaces;
}

export interface Layer2Candidate {
  readonly address: Address;
  /** The address in canonical text. */
  readonly text: string;
  readonly eip: Eip;
  /** At least one; more where they share the address. */
  readonly sharers: readonly SharingService[];
}

/** The Services that publish the address, as Events want them: objects from a list come without their kind. */
export function sharingServicesOf(wanted: Layer2Candidate | undefined) {
  return (wanted?.sharers ?? []).map(({ service: { metadata } }) => ({ apiVersion: 'v1', kind: 'Service', metadata }));
}

/** Whether any Eip asks for layer 2: without one a speaker takes no part in it. */
export function usesLayer2(eips: Snapshot['eips']): boolean {
  return layer2Eips(eips).length > 0;
}

export function layer2Eips(eips: Snapshot['eips']): readonly Eip[] {
  return [...eips.values()].flatMap((eip) =>
    eip.ok && isLayer2(eip.value) && !eip.value.announcedByCni ? [eip.value] : [],
  );
}

/** By address. */
export function layer2Addresses(snapshot: Snapshot): ReadonlyMap<string, Layer2Candidate> {
  const wanted = new Map<string, Layer2Candidate>();
  for (const service of snapshot.services) {
    for (const own of wantedBy(snapshot, service)) {
      const other = wanted.get(own.text);
      wanted.set(own.text, other ? { ...other, sharers: [...other.sharers, ...own.sharers] } : own);
    }
  }
  return wanted;
}

interface Remembered {
  readonly key: string;
  readonly eips: Snapshot['eips'];
  readonly slices: readonly EndpointSlice[];
  readonly wanted: readonly Layer2Candidate[];
}

const NO_SLICES: readonly EndpointSlice[] = [];
/** Kept with the object of the Service, for as long as what it was made from is the same. */
const remembered = new WeakMap<Service, Remembered>();

function wantedBy({ eips, slices: slicesByService }: Snapshot, service: Service): readonly Layer2Candidate[] {
  const before = remembered.get(service);
  const key = before?.key ?? keyOf(service);
  const slices = slicesByService.get(key) ?? NO_SLICES;
  const isSame = before?.eips === eips && before.slices.length === slices.length;
  if (isSame && slices.every((slice, i) => slice === before.slices[i])) return before.wanted;
  const wanted = publishedAddresses(service).flatMap((address): Layer2Candidate[] => {
    const eip = eipOfAddress(eips, service, address);
    if (!eip?.ok || !isLayer2(eip.value) || eip.value.announcedByCni) return [];
    const sharers = [{ service, places: placesOf(slices, address.family) }];
    return [{ address, text: formatAddress(address), eip: eip.value, sharers }];
  });
  remembered.set(service, { key, eips, slices, wanted });
  return wanted;
}
