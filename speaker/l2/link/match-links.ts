/** Selects the links on which this node answers for the addresses of an Eip. Pure. */
import { type InterfaceSelector, selectsName } from '../../../lib/api/eip/interface-selector.ts';
import { type Address, sameAddress } from '../../../lib/net/address.ts';
import type { Link } from './link.ts';

export interface LinkFacts {
  readonly links: readonly Link[];
  /** Name of the link by which the kernel would send to the address. */
  readonly linkTowards: (address: Address) => string | undefined;
  /** The node's InternalIP of the address's family. */
  readonly nodeAddress: Address | undefined;
}

/**
 * Selects links that are up and links that are down: a node whose link is down has no other link for the address, and another node takes it.
 *
 * @param selectors `Eip.interfaces`; without any, the link with the node's InternalIP.
 * @returns each link once, in their order.
 */
export function matchLinks(selectors: readonly InterfaceSelector[], facts: LinkFacts): readonly Link[] {
  const { links, linkTowards, nodeAddress } = facts;
  if (selectors.length === 0) return nodeAddress ? links.filter((link) => has(link, nodeAddress)) : [];
  const reaching = new Set(
    selectors.map((selector) => (selector.kind === 'canReach' ? linkTowards(selector.address) : undefined)),
  );
  return links.filter(({ name }) => reaching.has(name) || selectors.some((selector) => selectsName(selector, name)));
}

function has({ addresses }: Link, address: Address): boolean {
  return addresses.some((own) => sameAddress(own, address));
}
