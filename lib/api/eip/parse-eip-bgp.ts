/** Reads `Eip.spec.bgp`. Problems are added to `problems`; numbers and communities come out as numbers, names of BgpPeers as they are. */
import type { Family } from '../../net/address.ts';
import { parseRange } from '../../net/range.ts';
import { parseLabelSelector } from '../meta/label-selector.ts';
import { listAt, mapAt } from '../meta/shapes.ts';
import { type Problem, textOf } from '../problem.ts';
import { type Community, canonicalCommunities, parseCommunity } from './community.ts';
import type { Aggregation, EipBgp, PeerSelection } from './eip-bgp.ts';
import type { EipObject } from './eip-types.ts';

export type RawBgp = NonNullable<NonNullable<EipObject['spec']>['bgp']>;

/** An UPDATE has 4096 bytes, and a large community twelve of them. */
export const MOST_COMMUNITIES = 32;
/** A mistyped number must not make a path of hundreds. */
const MOST_PREPENDED = 10;
/** Nodes of a Kubernetes cluster. */
const MOST_ANNOUNCERS = 5_000;
const LARGEST_32_BITS = 4_294_967_295;
/** A mistyped length must not draw the traffic of a whole network. */
const SHORTEST = { 4: 8, 6: 16 } as const;
const LONGEST = { 4: 31, 6: 127 } as const;
const EXAMPLE = { 4: 24, 6: 64 } as const;

/** @param family of the Eip's addresses; undefined where these can't be read. */
export function parseEipBgp(
  raw: RawBgp | undefined,
  family: Family | undefined,
  problems: Problem[],
): EipBgp | undefined {
  if (raw === undefined || raw === null) return undefined;
  const bgp = mapAt(raw, 'spec.bgp', problems);
  const allow = mapAt(bgp.allowServiceOverrides, 'spec.bgp.allowServiceOverrides', problems);
  const localPref = numberOf(bgp.localPref, 'spec.bgp.localPref', LARGEST_32_BITS, 'write one such as 200', problems);
  const med = numberOf(bgp.med, 'spec.bgp.med', LARGEST_32_BITS, 'write one such as 50', problems);
  const prependField = 'spec.bgp.asPathPrepend';
  const asPathPrepend = numberOf(bgp.asPathPrepend, prependField, MOST_PREPENDED, 'write one such as 3', problems);
  const announcers = announcersOf(bgp.announcers, problems);
  const aggregation = aggregationOf(bgp.aggregation, family, problems);
  return {
    attributes: {
      communities: communitiesOf(bgp.communities, problems),
      ...(localPref !== undefined && { localPref }),
      ...(med !== undefined && { med }),
      asPathPrepend: asPathPrepend ?? 0,
    },
    ...(aggregation && { aggregation }),
    peers: peersOf(bgp.peers, problems),
    ...(announcers !== undefined && { announcers }),
    allowServiceOverrides: { communities: allow.communities === true, peers: allow.peers === true },
  };
}

/** Sentences on fields of `spec.bgp` that have no effect, in the form of `unsupportedEipFields`. */
export function unsupportedBgpFields({ spec }: EipObject, isLayer2: boolean): readonly string[] {
  if (!isSet(spec?.bgp)) return [];
  if (isLayer2) return ['spec.bgp has no effect with protocol layer2 or vip, which have no routes; remove the field'];
  const { ipv4, ipv6, hostRoutes } = mapAt(mapAt(spec.bgp, 'spec.bgp', []).aggregation, 'spec.bgp.aggregation', []);
  const range = typeof spec.address === 'string' ? parseRange(spec.address) : undefined;
  if (!range?.ok) return [];
  const { family } = range.range;
  const [own, other] = family === 4 ? [ipv4, ipv6] : [ipv6, ipv4];
  if (isSet(own)) return [];
  if (isSet(other)) {
    const [wrong, right] = family === 4 ? ['ipv6', 'ipv4'] : ['ipv4', 'ipv6'];
    return [
      `spec.bgp.aggregation.${wrong} has no effect, since the addresses are IPv${family}; write ${right}, or remove the field`,
    ];
  }
  return hostRoutes === false
    ? [`spec.bgp.aggregation.hostRoutes: "false" has no effect without a prefix length; write ipv${family} beside it`]
    : [];
}

function communitiesOf(raw: RawBgp['communities'], problems: Problem[]): readonly Community[] {
  const field = 'spec.bgp.communities';
  const texts = listAt(raw, field, problems);
  if (texts.length > MOST_COMMUNITIES) {
    problems.push({ field, message: `has ${texts.length} communities; write at most ${MOST_COMMUNITIES}` });
    return [];
  }
  return canonicalCommunities(
    texts.flatMap((text, i) => {
      const community = parseCommunity(textOf(text));
      if (typeof community !== 'string') return [community];
      problems.push({ field: `${field}[${i}]`, value: textOf(text), message: community });
      return [];
    }),
  );
}

/** 0 is a number like others: a MED of 0 is the best there is. */
function numberOf(raw: unknown, field: string, most: number, remedy: string, problems: Problem[]): number | undefined {
  if (!isSet(raw)) return undefined;
  if (typeof raw === 'number' && Number.isSafeInteger(raw) && raw >= 0 && raw <= most) return raw;
  problems.push({ field, value: textOf(raw), message: `is not a whole number from 0 to ${most}; ${remedy}` });
  return undefined;
}

function announcersOf(raw: unknown, problems: Problem[]): number | undefined {
  if (!isSet(raw)) return undefined;
  if (typeof raw === 'number' && Number.isSafeInteger(raw) && raw >= 1 && raw <= MOST_ANNOUNCERS) return raw;
  const message = `is not a whole number from 1 to ${MOST_ANNOUNCERS}; write one such as 2, or leave it out for every node`;
  problems.push({ field: 'spec.bgp.announcers', value: textOf(raw), message });
  return undefined;
}

function aggregationOf(
  raw: RawBgp['aggregation'],
  family: Family | undefined,
  problems: Problem[],
): Aggregation | undefined {
  const aggregation = mapAt(raw, 'spec.bgp.aggregation', problems);
  const lengths = ([4, 6] as const).map((one) => lengthOf(aggregation[`ipv${one}`], one, problems));
  const length = family && lengths[family === 4 ? 0 : 1];
  return length === undefined ? undefined : { length, hostRoutes: aggregation.hostRoutes !== false };
}

function lengthOf(raw: unknown, family: Family, problems: Problem[]): number | undefined {
  if (!isSet(raw)) return undefined;
  const [least, most] = [SHORTEST[family], LONGEST[family]];
  if (typeof raw === 'number' && Number.isSafeInteger(raw) && raw >= least && raw <= most) return raw;
  problems.push({
    field: `spec.bgp.aggregation.ipv${family}`,
    value: textOf(raw),
    message: `is not a prefix length from ${least} to ${most}; write one such as ${EXAMPLE[family]}, or leave it out for the addresses alone`,
  });
  return undefined;
}

function peersOf(raw: RawBgp['peers'], problems: Problem[]): readonly PeerSelection[] {
  const field = 'spec.bgp.peers';
  if (!isSet(raw)) return [];
  const before = problems.length;
  const peers = mapAt(raw, field, problems);
  const names = listAt(peers.names, `${field}.names`, problems).map(textOf);
  const selector = isSet(peers.selector) && parseLabelSelector(peers.selector, `${field}.selector`, problems);
  if (names.length === 0 && !selector && problems.length === before) {
    const message = 'selects no BgpPeer; write names or a selector, or leave it out for every BgpPeer';
    problems.push({ field, message });
  }
  return [{ names, ...(selector && { selector }) }];
}

function isSet<T>(value: T): value is NonNullable<T> {
  return value !== undefined && value !== null;
}
