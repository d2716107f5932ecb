/** The request of a Service, parsed: see `parse-address-request.ts`. */
import { type Address, type Family, formatAddress, sameAddress } from '../../net/address.ts';
import type { EipProtocol } from '../eip/eip-types.ts';
import type { ClaimPort } from '../skycap/claim.ts';

export interface AddressRequest {
  readonly namespace: string;
  /** Eips that the user named; empty: any. For dual stack, one for each family. */
  readonly eipNames: readonly string[];
  /** Requested addresses, at most one for each family. */
  readonly addresses: readonly Address[];
  /** Only Eips of this protocol are used. */
  readonly protocol?: EipProtocol;
  /** In the order of the Service's `ipFamilies`. */
  readonly families: readonly Family[];
  /** `all`: every family or nothing (RequireDualStack). `any`: at least one family (PreferDualStack). */
  readonly need: 'all' | 'any';
  readonly ports: readonly ClaimPort[];
  readonly sharingKey?: string;
  readonly sharingNamespaces: readonly string[];
  readonly externalTrafficPolicy: 'Cluster' | 'Local';
  /** Canonical text of the selector; empty for a Service without one. */
  readonly selector: string;
}

/** Whether it requests this address. */
export function requests({ addresses }: Pick<AddressRequest, 'addresses'>, address: Address): boolean {
  return addresses.some((one) => sameAddress(one, address));
}

const LONGEST_ASKED_FOR = 512;

/** The requested Eips, addresses and protocol, as text to compare; undefined for a request of any. */
export function askedFor({ eipNames, addresses, protocol }: AddressRequest): string | undefined {
  const parts = [
    ...eipNames.map((name) => `Eip ${name}`),
    ...addresses.map(formatAddress),
    ...(protocol ? [`protocol ${protocol}`] : []),
  ];
  return parts.length > 0 ? parts.join(', ').slice(0, LONGEST_ASKED_FOR) : undefined;
}

/** Text that is equal if and only if two requests are: an edit of other fields does not change it. */
export function addressRequestKey(addressRequest: AddressRequest): string {
  return JSON.stringify(addressRequest, (_, value) => (typeof value === 'bigint' ? value.toString() : value));
}
