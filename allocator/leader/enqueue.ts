/** Puts the keys that a change concerns into the queues. A key too many costs a decision that writes nothing; with a key too few a change has no effect. */

import type { EipObject } from '../../lib/api/eip/eip-types.ts';
import { BGP_CONF_NAME, EIP_LABEL } from '../../lib/api/keys.ts';
import { type KubeObject, keyFor, keyOf, sameMarks, sameTexts } from '../../lib/api/meta/object.ts';
import { hasOurCondition } from '../../lib/api/service/has-our-condition.ts';
import { eipNamesOf } from '../../lib/api/service/parse-address-request.ts';
import { publishedAddresses } from '../../lib/api/service/published-addresses.ts';
import type { Service } from '../../lib/api/service/service.ts';
import { claimAddress, type EipClaim } from '../../lib/api/skycap/claim.ts';
import { withoutCounts } from '../../lib/api/skycap/speaker-counts.ts';
import type { SpeakerObject } from '../../lib/api/skycap/speaker-types.ts';
import { givenAddresses } from '../../lib/ipam/claims/service-claims.ts';
import type { Pools } from '../../lib/ipam/pools/pools.ts';
import type { Change, Store } from '../../lib/kube/cache/store.ts';
import { formatAddress, sameAddress } from '../../lib/net/address.ts';
import { type AddressRange, rangeContains } from '../../lib/net/range.ts';
import { concernsReach, movedAddresses } from '../../lib/reach/announcers.ts';
import type { ClusterState } from '../cluster/cluster-state.ts';
import { servicesOfSlice } from '../cluster/endpoint-index.ts';
import { confKey, peerKey } from '../status/reconcile-bgp.ts';
import type { Caches } from './caches.ts';
import type { LeaderTerm } from './leader-term.ts';

/** Subscribes to a store. Without a term that leads, nothing is called. */
type On = <T extends KubeObject>(store: Store<T>, act: (to: LeaderTerm, change: Change<T>) => void) => void;

/** Subscribes once, after the cluster state and the caches have subscribed. @param term the term that leads, if any. */
export function enqueueOnChanges(cluster: ClusterState, caches: Caches, term: () => LeaderTerm | undefined): void {
  const on: On = (store, act) =>
    store.subscribe((change) => {
      const to = term();
      if (to) act(to, change);
    });
  onServices(cluster, on);
  on(cluster.stores.claims, (to, change) => onClaim(to, change, caches, cluster));
  onRouting(cluster, on);
  watchEips(cluster, term);
  cluster.reserved.onChange = (ranges) => {
    const to = term();
    if (!to) return;
    for (const claim of claimsIn(ranges, cluster)) for (const key of holdersOf(claim)) to.services.add(key);
    for (const eip of cluster.stores.eips.values()) to.eips.add(keyOf(eip));
    to.allocationOrder.addressFreed();
  };
}

function onServices(cluster: ClusterState, on: On): void {
  const { stores } = cluster;
  on(stores.services, (to, change) => {
    const { type, key, object } = change;
    if (type === 'deleted') to.departed(key, object);
    else to.services.add(key);
    lookAtAnnounced(to, key, type === 'modified' ? [change.old, object] : [object], cluster);
  });
  on(stores.services, (to, change) => {
    if (change.type === 'modified' && sameWish(change.old, change.object)) return;
    for (const sharer of sharersOf(change.key, cluster)) to.services.add(sharer);
  });
  on(stores.services, (to, change) => {
    if (leavesForeign(change)) to.allocationOrder.addressFreed();
  });
  on(stores.namespaces, (to, change) => {
    if (change.type === 'modified' && sameTexts(change.old.metadata.labels, change.object.metadata.labels)) return;
    to.allocationOrder.addressFreed();
  });
  for (const slices of [stores.labelledSlices, stores.foreignSlices]) {
    on(slices, (to, change) => {
      for (const key of servicesOfSlice(change)) {
        const service = cluster.services.get(key);
        if (service) lookAtAnnounced(to, key, [service], cluster);
      }
    });
  }
}

/** Nodes, sessions and their configuration. */
function onRouting({ stores, index }: ClusterState, on: On): void {
  on(stores.bgpPeers, (to, { key }) => {
    to.bgp.add(peerKey(key));
    to.lookAtReach();
  });
  on(stores.bgpConfs, (to, { key }) => {
    to.lookAtReach();
    to.bgp.add(confKey(key));
    if (key === BGP_CONF_NAME) for (const peer of stores.bgpPeers.values()) to.bgp.add(peerKey(keyOf(peer)));
  });
  on(stores.configMaps, (to) => to.bgp.add(confKey(BGP_CONF_NAME)));
  on(stores.speakers, (to, change) => {
    const keys = [...peersOf(change)].map(peerKey);
    if (change.type === 'modified' && sameButForCounts(change.old, change.object)) {
      for (const key of keys) to.bgp.addAfter(key, routesGatheredMs(stores.speakers.size));
      return;
    }
    for (const key of [confKey(BGP_CONF_NAME), ...keys]) to.bgp.add(key);
  });
  on(stores.speakers, (to, change) => {
    for (const address of movedAddresses(change)) {
      for (const service of index.publishersOf(address)) to.announced.add(service);
    }
    if (concernsReach(change)) to.lookAtReach();
  });
  on(stores.nodes, (to) => to.lookAtReach());
}

function claimsIn(ranges: readonly AddressRange[], { ledger }: ClusterState): EipClaim[] {
  return [...ledger.claims()].filter(({ metadata }) => {
    const address = claimAddress(metadata.name ?? '');
    return address && ranges.some((range) => rangeContains(range, address));
  });
}

function holdersOf({ spec }: EipClaim): string[] {
  return spec.holders.flatMap(({ namespace, name }) => (name === undefined ? [] : [keyFor(namespace, name)]));
}

/** The Services that share an address with the Service: its request may conflict with theirs, or no more. */
function* sharersOf(service: string, { ledger }: ClusterState): Generator<string> {
  const [namespace = '', name = ''] = service.split('/');
  for (const { spec } of ledger.heldBy(namespace, name)) {
    for (const holder of spec.holders) {
      const key = keyFor(holder.namespace, holder.name ?? '');
      if (key !== service && holder.name !== undefined) yield key;
    }
  }
}

/** A Service of another load balancer has no claim, so only its status shows that its address is free. */
function leavesForeign(change: Change<Service>): boolean {
  if (change.type === 'added') return false;
  const before = change.type === 'modified' ? change.old : change.object;
  if (hasOurCondition(before)) return false;
  const after = change.type === 'modified' ? publishedAddresses(change.object) : [];
  return publishedAddresses(before).some((address) => !after.some((one) => sameAddress(one, address)));
}

function sameWish(a: Service, b: Service): boolean {
  return sameTexts(a.metadata.annotations, b.metadata.annotations) && JSON.stringify(a.spec) === JSON.stringify(b.spec);
}

/**
 * The holders of before and after: a Service that lost its holder is reconciled as well. Of a create call under way the Service comes by itself, and nothing is to be done
 * about its claim before the shortest grace period is over.
 */
function onClaim(to: LeaderTerm, change: Change<EipClaim>, caches: Caches, cluster: ClusterState): void {
  const { key, object } = change;
  const before = change.type === 'modified' ? change.old : object;
  const isUnstored = cluster.holderFirstSeen.unstored().has(key);
  for (const { namespace, name } of [...before.spec.holders, ...object.spec.holders]) {
    const service = keyFor(namespace, name ?? '');
    if (name === undefined) to.claims.add(key);
    else if (isUnstored && !cluster.services.get(service)) to.services.addAfter(service, to.shortestGraceMs);
    else to.services.add(service);
  }
  if (isUnstored) to.strays.trigger();
  const eipName = caches.claimsByEip.eipOf(object);
  if (eipName !== undefined) to.eips.add(eipName);
}

/** The Service, and those that share an address with it: one that may be announced is enough for all. */
function lookAtAnnounced(to: LeaderTerm, key: string, versions: readonly Service[], { index }: ClusterState): void {
  to.announced.add(key);
  for (const address of versions.flatMap(givenAddresses)) {
    for (const sharer of index.publishersOf(formatAddress(address))) to.announced.add(sharer);
  }
}

/** The allocator itself writes the status of Eips, so a change of it concerns no other object. */
function watchEips(cluster: ClusterState, term: () => LeaderTerm | undefined): void {
  let hadDefault = false;
  let overlapped: Pools['overlapping'] = new Map();
  cluster.stores.eips.subscribe((change) => {
    const { key } = change;
    const to = term();
    if (change.type === 'modified' && sameButForStatus(change.old, change.object)) {
      to?.eips.add(key);
      return;
    }
    const { hasDefault, overlapping } = cluster.eips.pools;
    // The addresses of another Eip count, or count no more.
    const isAboutAll = hasDefault !== hadDefault || !sameEntries(overlapping, overlapped);
    hadDefault = hasDefault;
    overlapped = overlapping;
    if (!to) return;
    to.lookAtReach();
    // Of two Eips that overlap, another one may count now.
    for (const { metadata } of cluster.stores.eips.values()) to.eips.add(metadata.name ?? '');
    to.eips.add(key);
    for (const service of isAboutAll ? allServices(cluster) : servicesOf(key, cluster)) {
      to.services.add(service);
      to.announced.add(service);
    }
    to.allocationOrder.addressFreed();
  });
}

function* allServices({ stores }: ClusterState): Generator<string> {
  for (const service of stores.services.values()) yield keyOf(service);
}

/** The Services that an Eip concerns: holders of its addresses, those with its label, and those that name it, or several Eips, of which some may be unknown. */
function servicesOf(eipName: string, { stores, ledger, eips }: ClusterState): Set<string> {
  const keys = new Set<string>();
  for (const claim of ledger.claims()) {
    const address = claimAddress(claim.metadata.name ?? '');
    const isOfEip = claim.spec.eip === eipName || (address && eips.pools.containing(address)?.name === eipName);
    if (!isOfEip) continue;
    for (const { namespace, name } of claim.spec.holders) if (name !== undefined) keys.add(keyFor(namespace, name));
  }
  for (const service of stores.services.values()) {
    const named = eipNamesOf(service);
    const isNamed = named.length > 1 || named.includes(eipName);
    if (isNamed || service.metadata.labels?.[EIP_LABEL] === eipName) keys.add(keyOf(service));
  }
  return keys;
}

/** By name of the BgpPeer, those of a Speaker before and after the change. */
function peersOf(change: Change<SpeakerObject>): Set<string> {
  const speakers = change.type === 'modified' ? [change.old, change.object] : [change.object];
  return new Set(
    speakers.flatMap(({ status }) =>
      [...(status?.sessions ?? []), ...(status?.refusedPeers ?? [])].map(({ peer }) => peer),
    ),
  );
}

const ROUTES_GATHERED_MS = 10_000;
const ROUTES_GATHERED_PER_NODE_MS = 20;

/** The counts of every node change with every Service, and a write of a BgpPeer goes to every node: as long as the speakers take to write their counts. */
function routesGatheredMs(nodes: number): number {
  return Math.max(ROUTES_GATHERED_MS, nodes * ROUTES_GATHERED_PER_NODE_MS);
}

/** Of all statuses, only `routesSent` of a BgpPeer depends on the counts. The first route of a session, and the loss of the last, do not wait. */
function sameButForCounts(a: SpeakerObject, b: SpeakerObject): boolean {
  return (
    a.metadata.deletionTimestamp === b.metadata.deletionTimestamp &&
    JSON.stringify(withoutCounts(a.status)) === JSON.stringify(withoutCounts(b.status)) &&
    JSON.stringify(haveRoutes(a)) === JSON.stringify(haveRoutes(b))
  );
}

function haveRoutes({ status }: SpeakerObject): boolean[] {
  return (status?.sessions ?? []).map(({ routesSent }) => routesSent > 0);
}

function sameButForStatus(a: EipObject, b: EipObject): boolean {
  return a.metadata.generation === b.metadata.generation && sameMarks(a.metadata, b.metadata);
}

function sameEntries(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([key, text]) => b.get(key) === text);
}
