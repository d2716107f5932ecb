/**
 * The managed metadata of a Service: three annotations and a label, for people, selectors and recovery. The EipClaims decide.
 * The values are raw text, since an UPDATE gets back the exact values of the stored object. Pure.
 */
import { type Address, formatAddress } from '../../net/address.ts';
import { ADDRESSES_ANNOTATION, CLAIM_ANNOTATION, EIP_LABEL, WAITING_SINCE_ANNOTATION } from '../keys.ts';
import { parseMarked } from './marked-addresses.ts';
import type { Service } from './service.ts';

export interface ManagedMetadata {
  /** Comma-separated, in the order of the Service's families. */
  readonly addresses?: string | undefined;
  readonly token?: string | undefined;
  readonly waitingSince?: string | undefined;
  /** The Eip of the first address. */
  readonly eip?: string | undefined;
}

export const NO_MANAGED_METADATA: ManagedMetadata = {};

export function managedMetadataOf({ metadata: { annotations, labels } }: Service): ManagedMetadata {
  return {
    addresses: annotations?.[ADDRESSES_ANNOTATION],
    token: annotations?.[CLAIM_ANNOTATION],
    waitingSince: annotations?.[WAITING_SINCE_ANNOTATION],
    eip: labels?.[EIP_LABEL],
  };
}

export function hasManagedMetadata(service: Service): boolean {
  return Object.values(managedMetadataOf(service)).some((value) => value !== undefined);
}

/** The metadata of a Service with addresses. A dry run has no token, so that two dry runs show the same. */
export function managedMetadataFor(
  given: readonly { readonly address: Address; readonly eip: { readonly name: string } }[],
  token: string | undefined,
): ManagedMetadata {
  return {
    addresses: given.map(({ address }) => formatAddress(address)).join(','),
    token,
    eip: given[0]?.eip.name,
  };
}

/** By key of the annotation; an absent value means that the key goes. */
export function managedAnnotations(managed: ManagedMetadata): Readonly<Record<string, string | undefined>> {
  return {
    [ADDRESSES_ANNOTATION]: managed.addresses,
    [CLAIM_ANNOTATION]: managed.token,
    [WAITING_SINCE_ANNOTATION]: managed.waitingSince,
  };
}

/** The Service with exactly this managed metadata; everything else unchanged. */
export function withManagedMetadata(service: Service, managed: ManagedMetadata): Service {
  const { annotations, labels } = service.metadata;
  return {
    ...service,
    metadata: {
      ...service.metadata,
      annotations: changed(annotations, managedAnnotations(managed)),
      labels: changed(labels, { [EIP_LABEL]: managed.eip }),
    },
  };
}

/** The addresses in the annotation. Other text is ignored, since any user can write the annotation. */
export function markedAddresses(managed: ManagedMetadata): readonly Address[] {
  return parseMarked(managed.addresses);
}

function changed(
  map: Readonly<Record<string, string>> | undefined,
  values: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const result = { ...map };
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) delete result[key];
    else result[key] = value;
  }
  return result;
}
