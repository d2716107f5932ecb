/** `Eip.spec.bgp` parsed: attributes of the routes of the Eip's addresses, aggregates, and the routers that get the routes. `parse-eip-bgp.ts` makes an EipBgp. */
import { type LabelRequirement, matchesLabels } from '../meta/label-selector.ts';
import type { ObjectMeta } from '../meta/object.ts';
import { type Community, communityKey } from './community.ts';

export interface RouteAttributes {
  /** Each once, in the order of `canonicalCommunities`. */
  readonly communities: readonly Community[];
  /** BIRD sends a local preference to routers of the node's own AS only (RFC 4271 §5.1.5). */
  readonly localPref?: number;
  readonly med?: number;
  /** The number of further AS numbers of the node in the path, for routers of another AS. */
  readonly asPathPrepend: number;
}

/** A BgpPeer is selected by its name or by its labels. */
export interface PeerSelection {
  readonly names: readonly string[];
  /** Absent: selects none. */
  readonly selector?: readonly LabelRequirement[];
}

export interface Aggregation {
  /** Of the prefix, shorter than that of an address. */
  readonly length: number;
  /** The addresses are announced beside the aggregate. */
  readonly hostRoutes: boolean;
}

export interface EipBgp {
  readonly attributes: RouteAttributes;
  /** For the family of the Eip. */
  readonly aggregation?: Aggregation;
  /** Each of them must select a BgpPeer that gets the routes; none: every BgpPeer does. */
  readonly peers: readonly PeerSelection[];
  /** At most so many nodes announce an address at once. Absent: every node that may. */
  readonly announcers?: number;
  readonly allowServiceOverrides: { readonly communities: boolean; readonly peers: boolean };
}

export const NO_ATTRIBUTES: RouteAttributes = { communities: [], asPathPrepend: 0 };

export const PLAIN_BGP: EipBgp = {
  attributes: NO_ATTRIBUTES,
  peers: [],
  allowServiceOverrides: { communities: false, peers: false },
};

/** Whether a BgpPeer gets the routes. */
export function selectsPeer(
  selections: readonly PeerSelection[],
  { name = '', labels = {} }: Pick<ObjectMeta, 'name' | 'labels'>,
): boolean {
  return selections.every(
    ({ names, selector }) => names.includes(name) || (selector !== undefined && matchesLabels(selector, labels)),
  );
}

/** Text that is equal exactly when two routes have the same attributes. */
export function attributesKey({ communities, localPref, med, asPathPrepend }: RouteAttributes): string {
  return JSON.stringify([communities.map(communityKey), localPref ?? null, med ?? null, asPathPrepend]);
}
