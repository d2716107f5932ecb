/** The protocols that this installation announces addresses by: the setting `SKYCAP_PROTOCOLS`, which all components share. PURE. */
import { type Eip, isLayer2 } from './eip.ts';

export const PROTOCOLS = ['bgp', 'layer2'] as const;
export type Protocol = (typeof PROTOCOLS)[number];
export type Protocols = ReadonlySet<Protocol>;

export const ALL_PROTOCOLS: Protocols = new Set(PROTOCOLS);

/**
 * @param text such as `bgp,layer2`.
 * @throws {Error} if a name is unknown.
 */
export function parseProtocols(text: string): Protocols {
  const names = text.split(',').map((name) => name.trim());
  const found = names.flatMap((name) => PROTOCOLS.find((known) => known === name) ?? []);
  if (found.length < names.length) throw new Error(`write ${PROTOCOLS.join(', ')}, or both with a comma between them`);
  return new Set(found);
}

/** `vip` is served as layer 2. */
export function protocolOf(eip: Pick<Eip, 'protocol'>): Protocol {
  return isLayer2(eip) ? 'layer2' : 'bgp';
}

/** Says that the protocol is off, and how to turn it on. */
export function protocolOffText(protocol: Protocol): string {
  return `${protocol} is off in this installation; add it to SKYCAP_PROTOCOLS (value protocols of the Helm chart)`;
}
