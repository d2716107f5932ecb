/**
 * EipClaim (`skycap.io/v1alpha1`, cluster-scoped): one object an address, named by it. Creating it is the lock, 409 means taken
 * (the design of KEP-1880, IPAddress). The name of an IPv6 claim is the fully expanded address with dashes for colons,
 * since a colon may not stand in an object's name.
 */
import { type Address, formatAddress, ipv6Groups, parseAddress } from '../../net/address.ts';
import type { KubeObject } from '../meta/object.ts';

export interface ClaimPort {
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
}

export interface ClaimHolder {
  readonly namespace: string;
  /** Absent under `generateName` until the allocator binds the claim to its Service. */
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
  /** The Service asks for this very address; in one namespace that is its consent to share it with others who do. */
  readonly requested?: boolean;
  /**
   * Which Eips, addresses and protocol the Service asked for when it got the address, and while a change is under way also what it asks for then. As long as it asks for
   * the same it stays there, whatever becomes of the Eips.
   */
  readonly askedFor?: readonly string[];
  /** Of the ports those that a change under way gives up: once that is stored the Service has left them. */
  readonly leaving?: readonly ClaimPort[];
  /** A change of the Service is under way after which others might not share with it, or before: nobody joins it meanwhile. */
  readonly changing?: boolean;
  /** The place is reserved: the Service waits until those have left who are in its way, and they have a place reserved, too. */
  readonly waiting?: boolean;
  /** RFC 3339; when the holder was added. The grace period of an unbound holder counts from here. */
  readonly since: string;
}

export interface EipClaim extends KubeObject {
  readonly apiVersion: 'skycap.io/v1alpha1';
  readonly kind: 'EipClaim';
  readonly spec: {
    /** Canonical text. */
    readonly address: string;
    readonly eip: string;
    /** Of that Eip. One that was deleted and made again under its name gave nothing that it does not contain. */
    readonly eipUid?: string;
    readonly holders: readonly ClaimHolder[];
  };
}

/** `80/TCP`. */
export function portText({ port, protocol }: ClaimPort): string {
  return `${port}/${protocol}`;
}

/** Those that are present, and what is wanted beside them. */
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

/** The address that a claim's name spells, or undefined for a name that no claim can have. */
export function claimAddress(name: string): Address | undefined {
  const address = parseAddress(name.includes('-') ? name.replaceAll('-', ':') : name);
  return address && claimName(address) === name ? address : undefined;
}
