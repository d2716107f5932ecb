/** Warnings about `Eip.spec.bgp` at `kubectl apply`: fields with another effect than the author may expect, also because of BgpPeers and other Eips. PURE. */
import { prefixOf, prefixText } from '../../net/prefix.ts';
import { firstAddress, lastAddress, rangeText } from '../../net/range.ts';
import type { KubeObject } from '../meta/object.ts';
import { quote, shortened } from '../problem.ts';
import type { Eip } from './eip.ts';
import { attributesKey, type EipBgp, selectsPeer } from './eip-bgp.ts';

/** Prefixes or names beyond this are counted, and not named. */
const MOST_NAMED = 3;

/** @param peers every BgpPeer. */
export function eipBgpAdvice(
  eip: Eip,
  peers: readonly Pick<KubeObject, 'metadata'>[],
  others: readonly Eip[],
): string[] {
  const { bgp } = eip;
  if (!bgp) return [];
  return [...attributeAdvice(bgp), ...aggregationAdvice(eip, bgp, others), ...peerAdvice(bgp, peers)];
}

function attributeAdvice({ attributes: { localPref, asPathPrepend } }: EipBgp): string[] {
  return [
    ...(localPref === undefined
      ? []
      : [
          'spec.bgp.localPref: only routers of the same AS as the nodes get it (RFC 4271); for routers of another AS set med, asPathPrepend or a community',
        ]),
    ...(asPathPrepend === 0
      ? []
      : ['spec.bgp.asPathPrepend: only for routers of another AS; a router of the same AS would take it for a loop']),
  ];
}

function aggregationAdvice(eip: Eip, { aggregation }: EipBgp, others: readonly Eip[]): string[] {
  if (!aggregation) return [];
  const field = `spec.bgp.aggregation.ipv${eip.range.family}`;
  const [first, last] = [firstAddress(eip.range), lastAddress(eip.range)];
  const [low, high] = [prefixOf(first, aggregation.length), prefixOf(last, aggregation.length)];
  const beyond = [
    ...(low.first < eip.range.first || low.last > eip.range.last ? [prefixText(first, aggregation.length)] : []),
    ...(high.first !== low.first && high.last > eip.range.last ? [prefixText(last, aggregation.length)] : []),
  ];
  const same = others.filter((other) => other.name !== eip.name && isAtOdds(eip, other));
  return [
    ...(beyond.length === 0
      ? []
      : [
          `${field}: ${beyond.join(' and ')} has addresses that are not of this Eip (${rangeText(eip.range)}); routers send the packets for these to the nodes, too`,
        ]),
    ...(same.length === 0
      ? []
      : [
          `${field}: Eip ${shortened(same, MOST_NAMED, ({ name }) => name).join(', ')} has the same aggregate with other attributes or peers; while both announce it, the Eip whose name comes first in the alphabet decides`,
        ]),
  ];
}

/** The two have an aggregate in common, and other terms for it. */
function isAtOdds(a: Eip, b: Eip): boolean {
  const length = a.bgp?.aggregation?.length;
  if (!a.bgp || !b.bgp || length === undefined || b.bgp.aggregation?.length !== length) return false;
  if (a.range.family !== b.range.family || termsText(a.bgp) === termsText(b.bgp)) return false;
  const [aFirst, aLast] = [prefixOf(firstAddress(a.range), length).first, prefixOf(lastAddress(a.range), length).last];
  const [bFirst, bLast] = [prefixOf(firstAddress(b.range), length).first, prefixOf(lastAddress(b.range), length).last];
  return aFirst <= bLast && bFirst <= aLast;
}

function termsText({ attributes, peers }: EipBgp): string {
  return JSON.stringify([attributesKey(attributes), peers]);
}

function peerAdvice({ peers: selections }: EipBgp, peers: readonly Pick<KubeObject, 'metadata'>[]): string[] {
  const known = new Set(peers.map(({ metadata }) => metadata.name));
  const unknown = selections.flatMap(({ names }) => names.filter((name) => !known.has(name)));
  const isNobody = selections.length > 0 && !peers.some((peer) => selectsPeer(selections, peer.metadata));
  return [
    ...(unknown.length === 0
      ? []
      : [`spec.bgp.peers.names: there is no BgpPeer ${shortened(unknown, MOST_NAMED, quote).join(', ')}`]),
    ...(isNobody ? ['spec.bgp.peers: selects no BgpPeer that exists, so no router gets the routes'] : []),
  ];
}
