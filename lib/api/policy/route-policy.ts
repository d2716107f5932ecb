/**
 * The policy of a BgpConf, parsed: GoBGP's semantics as values. `parse-route-policy.ts` makes it; nothing of it is text of the user's but what
 * `matches` compares with.
 */
import type { Address, Family } from '../../net/address.ts';
import type { AddressRange } from '../../net/range.ts';

/** A route passes the import chain when it is made, and the export chain of the session when it is announced: as a local route of GoBGP's. */
export interface RoutePolicy {
  readonly imports: PolicyChain;
  readonly exports: PolicyChain;
}

/** The statements of all policies of a list, in their order. */
export interface PolicyChain {
  readonly statements: readonly Statement[];
  /** The action for a route that no statement accepts or rejects. */
  readonly acceptsByDefault: boolean;
}

export interface Statement {
  readonly line: number;
  /** All must hold. */
  readonly conditions: readonly Condition[];
  readonly actions: readonly Action[];
  /** Absent: on to the next statement. */
  readonly disposition?: 'accept' | 'reject';
}

export const COMMUNITY_KINDS = ['standard', 'extended', 'large'] as const;
export type CommunityKind = (typeof COMMUNITY_KINDS)[number];

export interface Community {
  /** Standard: the two halves. Large: the three parts. Extended: the two halves of the eight bytes. */
  readonly numbers: readonly number[];
  /** As GoBGP's regular expressions see it; that of an extended one has no type in front. */
  readonly text: string;
  /** Of an extended community. */
  readonly subtype?: number;
  /** False for an extended community that does not leave the AS. */
  readonly isTransitive?: boolean;
}

/** An entry of a community set. */
export interface CommunityPattern {
  /** Where the entry spells one community. */
  readonly literal?: Community;
  readonly matches: (community: Community) => boolean;
}

/** An entry of an AS path set; the path begins with the AS number that was prepended last. */
export type AsPathPattern = (path: readonly number[]) => boolean;

export interface PrefixEntry {
  readonly range: AddressRange;
  readonly length: number;
  readonly least: number;
  readonly most: number;
}

export type MatchOption = 'any' | 'all' | 'invert';
export type Comparison = 'eq' | 'ge' | 'le';
export type Origin = 'igp' | 'egp' | 'incomplete';

export const NEXT_HOP_WORDS = ['self', 'unchanged'] as const;
export type NextHopWord = (typeof NEXT_HOP_WORDS)[number];

export type Condition =
  | { readonly kind: 'prefix'; readonly entries: readonly PrefixEntry[]; readonly invert: boolean }
  | { readonly kind: 'neighbor'; readonly ranges: readonly AddressRange[]; readonly invert: boolean }
  | {
      readonly kind: 'community';
      readonly of: CommunityKind;
      readonly patterns: readonly CommunityPattern[];
      readonly option: MatchOption;
    }
  | { readonly kind: 'asPath'; readonly patterns: readonly AsPathPattern[]; readonly option: MatchOption }
  | { readonly kind: 'asPathLength' | 'communityCount'; readonly comparison: Comparison; readonly value: number }
  | { readonly kind: 'origin'; readonly origin: Origin }
  | { readonly kind: 'nextHop'; readonly ranges: readonly AddressRange[] }
  | { readonly kind: 'family'; readonly families: readonly Family[] }
  /** A condition about routes that a speaker does not have. */
  | { readonly kind: 'never' };

export type Action =
  | {
      readonly kind: 'addCommunities' | 'replaceCommunities';
      readonly of: CommunityKind;
      readonly communities: readonly Community[];
    }
  | { readonly kind: 'removeCommunities'; readonly of: CommunityKind; readonly patterns: readonly CommunityPattern[] }
  /** `by`: added to what is there, or taken off. */
  | { readonly kind: 'med'; readonly value: number; readonly by?: '+' | '-' }
  | { readonly kind: 'localPref'; readonly value: number }
  | { readonly kind: 'prepend'; readonly as: number | 'last-as'; readonly times: number }
  /** `self` is the node, as without a policy; so is `unchanged`, as every route is the node's own. */
  | { readonly kind: 'nextHop'; readonly address: Address | NextHopWord }
  | { readonly kind: 'origin'; readonly origin: Origin };
