/** The protocols that this installation speaks: the setting `SKYCAP_PROTOCOLS`, which all components share. PURE. */
import { type Eip, isLayer2 } from './eip.ts';

/** BFD watches routers for BGP, and nodes for layer 2. */
export const PROTOCOLS = ['bgp', 'layer2', 'bfd'] as const;
export type Protocol = (typeof PROTOCOLS)[number];
export type Protocols = ReadonlySet<Protocol>;

export const ALL_PROTOCOLS: Protocols = new Set(PROTOCOLS);

/**
 * @param text such as `bgp,layer2,bfd`.
 * @throws {Error} if a name is unknown, or the protocols announce no address.
 */
export function parseProtocols(text: string): Protocols {
  const names = text.split(',').map((name) => name.trim());
  const found = new Set(names.flatMap((name) => PROTOCOLS.find((known) => known === name) ?? []));
  const isKnown = names.every((name) => PROTOCOLS.some((known) => known === name));
  if (!isKnown) throw new Error(`write some of ${PROTOCOLS.join(', ')}, with commas between them`);
  if (!found.has('bgp') && !found.has('layer2')) throw new Error('bfd announces no address; add bgp or layer2');
  return found;
}

/** `vip` is served as layer 2. */
export function protocolOf(eip: Pick<Eip, 'protocol'>): Protocol {
  return isLayer2(eip) ? 'layer2' : 'bgp';
}

/** Says that the protocol is off, and how to turn it on. */
export function protocolOffText(protocol: Protocol): string {
  return `${protocol} is off in this installation; add it to SKYCAP_PROTOCOLS (value protocols of the Helm chart)`;
}
