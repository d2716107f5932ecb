/** On which links of this node an address of an Eip is answered for. PURE. */
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
 * Up or not: an address stays with its link while that is down, and goes to another node.
 *
 * @param selectors `Eip.interfaces`; none for the link that has the node's own address.
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
