/** The facts about a session's channel that are known when its filter is written, so that conditions about them need no code in the filter. */

import type { RouteAttributes } from '../../../../lib/api/eip/eip-bgp.ts';
import type { AsPathState } from '../../../../lib/api/policy/as-path-states.ts';
import { communityOf } from '../../../../lib/api/policy/communities.ts';
import {
  COMMUNITY_KINDS,
  type Community,
  type CommunityKind,
  type RoutePolicy,
} from '../../../../lib/api/policy/route-policy.ts';
import type { Address, Family } from '../../../../lib/net/address.ts';
import type { AddressRange } from '../../../../lib/net/range.ts';

export interface ChannelFacts {
  readonly family: Family;
  /** One address; or all that the neighbour may have, where any router of a network may connect. */
  readonly neighbor: AddressRange;
  /** Of the node, where the session leaves the AS. */
  readonly ownAs?: number;
  /** The node's address of the family. */
  readonly nodeAddress: Address;
  /** The session runs over the other family, so that its own end is no next hop. */
  readonly isOverOtherFamily: boolean;
  /** The attributes that routes can have before the policy. */
  readonly attributes: readonly RouteAttributes[];
  /** Statements about each route that goes out, behind the policy's. */
  readonly atAccept: readonly string[];
}

/** Communities that a route can have, since the policy gives them. */
export type KnownCommunities = Readonly<Record<CommunityKind, readonly Community[]>>;

export interface StatementContext extends ChannelFacts {
  readonly stage: 'import' | 'export';
  readonly known: KnownCommunities;
  /** Before the statement. */
  readonly asPaths: readonly AsPathState[];
}

export function knownCommunities({ imports, exports }: RoutePolicy, { attributes }: ChannelFacts): KnownCommunities {
  const actions = [...imports.statements, ...exports.statements].flatMap((statement) => statement.actions);
  const carried = attributes.flatMap(({ communities }) => communities);
  const of = (kind: CommunityKind): readonly Community[] => [
    ...carried.flatMap((one) => (one.kind === kind ? [communityOf(kind, one.numbers)] : [])),
    ...actions.flatMap((action) =>
      (action.kind === 'addCommunities' || action.kind === 'replaceCommunities') && action.of === kind
        ? action.communities
        : [],
    ),
  ];
  return Object.fromEntries(COMMUNITY_KINDS.map((kind) => [kind, of(kind)])) as unknown as KnownCommunities;
}

/** The paths that routes can have before the policy: attributes prepend for a router of another AS only. */
export function prependedBefore({ ownAs, attributes }: ChannelFacts): readonly (readonly number[])[] {
  if (ownAs === undefined) return [[]];
  const times = new Set([0, ...attributes.map(({ asPathPrepend }) => asPathPrepend)]);
  return [...times].map((count) => Array.from({ length: count }, () => ownAs));
}
