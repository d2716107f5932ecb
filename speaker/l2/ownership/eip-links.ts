/** Finds the links of this node for the addresses of each Eip, and the Eips without a link. Pure. */

import type { NodeState } from '../../../lib/announce/node-state.ts';
import type { Eip } from '../../../lib/api/eip/eip.ts';
import { type Address, formatAddress } from '../../../lib/net/address.ts';
import { formatMac } from '../frames/mac-address.ts';
import { type LinkFacts, matchLinks } from '../link/match-links.ts';

export interface EipLinks {
  /** Names of links, up or not, by the name of the Eip. */
  readonly links: ReadonlyMap<string, readonly string[]>;
  /** Names of Eips without a link that is up, sorted. */
  readonly unable: readonly string[];
  /** Addresses of `can_reach` without a known route. */
  readonly unrouted: readonly string[];
}

export function linkEips(
  eips: readonly Eip[],
  node: NodeState,
  { links: all, linkTowards }: Omit<LinkFacts, 'nodeAddress'>,
): EipLinks {
  const found = eips.map((eip) => {
    const links = matchLinks(eip.interfaces, {
      links: all,
      linkTowards,
      nodeAddress: node.addresses[eip.range.family],
    });
    return { name: eip.name, links };
  });
  return {
    links: new Map(found.map(({ name, links }) => [name, links.map((link) => link.name)])),
    unable: found.flatMap(({ name, links }) => (links.some(({ isUp }) => isUp) ? [] : [name])).sort(),
    unrouted: targetsOf(eips).flatMap((target) => (linkTowards(target) ? [] : [formatAddress(target)])),
  };
}

/** The limit of the list in a Speaker; nodes have a few. */
const MOST_INTERFACES = 64;

/**
 * The interfaces on which this node may answer for an address, sorted by name: those of every Eip, even if the Eip does not select this node, and the one with the
 * node's InternalIP.
 */
export function interfacesOf(
  eips: readonly Eip[],
  node: NodeState,
  { links, linkTowards }: Omit<LinkFacts, 'nodeAddress'>,
): readonly { readonly name: string; readonly mac: string }[] {
  const selectors = [...eips.map(({ interfaces }) => interfaces), []];
  const used = new Set(
    selectors.flatMap((one) =>
      Object.values(node.addresses).flatMap((nodeAddress) => matchLinks(one, { links, linkTowards, nodeAddress })),
    ),
  );
  const named = links.filter((link) => used.has(link)).map(({ name, mac }) => ({ name, mac: formatMac(mac) }));
  return named.slice(0, MOST_INTERFACES);
}

function targetsOf(eips: readonly Eip[]): Address[] {
  return eips.flatMap(({ interfaces }) =>
    interfaces.flatMap((selector) => (selector.kind === 'canReach' ? [selector.address] : [])),
  );
}
