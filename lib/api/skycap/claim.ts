/**
 * EipClaim (`skycap.io/v1alpha1`, cluster-scoped): one object for each address, named by the address. Creating it is the lock, 409 means taken (the design of KEP-1880,
 * IPAddress). The name of an IPv6 claim is the fully expanded address with dashes for colons, since an object's name may have no colon.
 */
import { type Address, formatAddress, ipv6Groups, parseAddress } from '../../net/address.ts';
import type { KubeObject } from '../meta/object.ts';

export interface ClaimPort {
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
}

export interface ClaimHolder {
  readonly namespace: string;
  /** Absent under `generateName` until the allocator binds the holder. */
  readonly name?: string;
  /** Only where the allocator claimed the address, or name and token did not tell whose holder it is. */
  readonly uid?: string;
  /** Random; stands in the Service's annotation `skycap.io/claim` as well. */
  readonly token: string;
  readonly ports: readonly ClaimPort[];
  readonly sharingKey?: string;
  readonly sharingNamespaces?: readonly string[];
  readonly externalTrafficPolicy: 'Cluster' | 'Local';
  /** The Service's selector in canonical text; two `Local` Services share only with the same one. */
  readonly selector: string;
  /** The Service requests this address; in one namespace, that is its consent to share the address with others that request it. */
  readonly requested?: boolean;
  /**
   * The Eips, addresses and protocol that the Service asked for when it got the address, and during a change also those of the change. As long as it asks for
   * the same it stays there, whatever becomes of the Eips.
   */
  readonly askedFor?: readonly string[];
  /** The ports that an update under way gives up. */
  readonly leaving?: readonly ClaimPort[];
  /** A change of the Service is under way; before or after it others may not share with the Service, so none joins meanwhile. */
  readonly changing?: boolean;
  /** A reservation: the Service waits until the Services in its way have left, which have reservations as well. */
  readonly waiting?: boolean;
  /** The Service published the address before the holder was written: the claim was deleted, or another load balancer gave the address. */
  readonly publishedBefore?: boolean;
  /** RFC 3339; when the holder was written. The grace period of a holder without UID counts from here. */
  readonly since: string;
}

export interface EipClaim extends KubeObject {
  readonly apiVersion: 'skycap.io/v1alpha1';
  readonly kind: 'EipClaim';
  readonly spec: {
    /** Canonical text. */
    readonly address: string;
    readonly eip: string;
    /** The UID of that Eip. An Eip that was created again under the name gave only the addresses that it contains. */
    readonly eipUid?: string;
    readonly holders: readonly ClaimHolder[];
  };
}

/** `80/TCP`. */
export function portText({ port, protocol }: ClaimPort): string {
  return `${port}/${protocol}`;
}

/** The present ports, and the wanted ones beside them. */
export function allPorts(present: readonly ClaimPort[], wanted: readonly ClaimPort[]): readonly ClaimPort[] {
  const known = new Set(present.map(portText));
  return [...present, ...wanted.filter((port) => !known.has(portText(port)))];
}

export function portsBut(ports: readonly ClaimPort[], others: readonly ClaimPort[]): readonly ClaimPort[] {
  const texts = new Set(others.map(portText));
  return ports.filter((port) => !texts.has(portText(port)));
}

/** `192.0.2.7`; `2001-0db8-0000-0000-0000-0000-0000-0001`. */
export function claimName(address: Address): string {
  return address.family === 4 ? formatAddress(address) : ipv6Groups(address.value).join('-');
}

/** The address of a claim's name, or undefined for a name that no claim can have. */
export function claimAddress(name: string): Address | undefined {
  const address = parseAddress(name.includes('-') ? name.replaceAll('-', ':') : name);
  return address && claimName(address) === name ? address : undefined;
}
