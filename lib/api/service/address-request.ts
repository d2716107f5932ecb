/** What a Service asks of Skycap, parsed: see `parse-address-request.ts`. */
import { type Address, type Family, formatAddress, sameAddress } from '../../net/address.ts';
import type { EipProtocol } from '../eip/eip-types.ts';
import type { ClaimPort } from '../skycap/claim.ts';

export interface AddressRequest {
  readonly namespace: string;
  /** Eips named by the user; empty means: choose one. For dual stack two may be named, one a family. */
  readonly eipNames: readonly string[];
  /** Requested addresses, at most one a family. */
  readonly addresses: readonly Address[];
  /** Only Eips of this protocol will do. */
  readonly protocol?: EipProtocol;
  /** In the order of the Service's `ipFamilies`. */
  readonly families: readonly Family[];
  /** `all`: every family or nothing (RequireDualStack). `any`: what there is (PreferDualStack). */
  readonly need: 'all' | 'any';
  readonly ports: readonly ClaimPort[];
  readonly sharingKey?: string;
  readonly sharingNamespaces: readonly string[];
  readonly externalTrafficPolicy: 'Cluster' | 'Local';
  /** Canonical text of the selector; empty for a Service without one. */
  readonly selector: string;
}

/** Whether it asks for this very address. */
export function requests({ addresses }: Pick<AddressRequest, 'addresses'>, address: Address): boolean {
  return addresses.some((one) => sameAddress(one, address));
}

const LONGEST_ASKED_FOR = 512;

/** Which Eips, addresses and protocol it asks for, as text to compare; undefined where any will do. */
export function askedFor({ eipNames, addresses, protocol }: AddressRequest): string | undefined {
  const parts = [
    ...eipNames.map((name) => `Eip ${name}`),
    ...addresses.map(formatAddress),
    ...(protocol ? [`protocol ${protocol}`] : []),
  ];
  return parts.length > 0 ? parts.join(', ').slice(0, LONGEST_ASKED_FOR) : undefined;
}

/** Text that is equal exactly when two wishes ask for the same: tells an edit that matters from one that does not. */
export function addressRequestKey(addressRequest: AddressRequest): string {
  return JSON.stringify(addressRequest, (_, value) => (typeof value === 'bigint' ? value.toString() : value));
}
