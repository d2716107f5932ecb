/**
 * Finds the Eips and Services to reconcile when sessions, nodes or speakers change. In a large cluster something changes all the time, and most changes concern the
 * condition of the Eip alone: a Service is reconciled only if its condition could change.
 */
import { localNodes } from '../../lib/announce/endpoints.ts';
import type { Eip } from '../../lib/api/eip/eip.ts';
import { SERVICE_ANNOTATIONS } from '../../lib/api/keys.ts';
import { keyOf } from '../../lib/api/meta/object.ts';
import type { Service } from '../../lib/api/service/service.ts';
import { givenAddresses } from '../../lib/ipam/claims/service-claims.ts';
import { formatAddress } from '../../lib/net/address.ts';
import type { Announcers } from '../../lib/reach/announcers.ts';
import type { EipReach } from '../../lib/reach/eip-reach.ts';
import type { ClusterState } from '../cluster/cluster-state.ts';

export interface ToLookAt {
  /** Names. */
  readonly eips: readonly string[];
  /** Keys. */
  readonly services: ReadonlySet<string>;
}

/** The nodes whose obstacle has changed; all nodes if the obstacle of the Eip as a whole has. */
type Changed = ReadonlySet<string> | 'all';

export class ReachWatch {
  readonly #cluster: ClusterState;
  readonly #announcers: Announcers;
  /** The last reach, by the name of the Eip. */
  #seen = new Map<string, EipReach>();
  /** By the name of the Eip, the other reaches that a decision has used since the last look: a reach may be back as it was when the next look comes. */
  readonly #used = new Map<string, Set<EipReach>>();

  constructor(cluster: ClusterState, announcers: Announcers) {
    this.#cluster = cluster;
    this.#announcers = announcers;
  }

  /** The reach of an Eip, for a decision about a Service. */
  reachOf(eip: Eip): EipReach {
    const reach = this.#announcers.reachOf(eip);
    if (reach === this.#seen.get(eip.name)) return reach;
    this.#used.set(eip.name, (this.#used.get(eip.name) ?? new Set()).add(reach));
    return reach;
  }

  /** The first call returns everything. */
  look(): ToLookAt {
    const seen = new Map<string, EipReach>();
    const changed = new Map<string, Changed>();
    const eips: string[] = [];
    for (const eip of this.#cluster.eips.all()) {
      const before = this.#seen.get(eip.name);
      const reach = this.#announcers.reachOf(eip);
      seen.set(eip.name, reach);
      if (before === reach) continue;
      eips.push(eip.name);
      const nodes = changedSince([before, ...(this.#used.get(eip.name) ?? [])], reach);
      const mayDiffer = eip.bgp?.allowServiceOverrides.peers === true;
      if (nodes === 'all' || nodes.size > 0 || mayDiffer) changed.set(eip.name, nodes);
    }
    this.#seen = seen;
    this.#used.clear();
    return { eips, services: changed.size > 0 ? this.#servicesOf(changed) : new Set() };
  }

  #servicesOf(changed: ReadonlyMap<string, Changed>): Set<string> {
    const { stores, index } = this.#cluster;
    const keys = new Set<string>();
    for (const service of stores.services.values()) {
      for (const address of givenAddresses(service)) {
        const eip = this.#cluster.eipOf(service, address);
        const nodes = eip && changed.get(eip.name);
        const isEach = nodes === 'all' || eip?.bgp?.announcers !== undefined;
        if (nodes === undefined || (!isEach && !this.#isAbout(nodes, service, address.family))) continue;
        keys.add(keyOf(service));
        // A Service that shares the address may be announced because of this Service's endpoints.
        for (const sharer of index.publishersOf(formatAddress(address))) keys.add(sharer);
      }
    }
    return keys;
  }

  /** Traffic of `Cluster` may enter by any node, so one node more or less changes nothing. A Service with BgpPeers of its own has its own reach. */
  #isAbout(nodes: ReadonlySet<string>, service: Service, family: 4 | 6): boolean {
    if (service.metadata.annotations?.[SERVICE_ANNOTATIONS.peers[0]]) return true;
    if (service.spec?.externalTrafficPolicy !== 'Local') return false;
    const local = localNodes(this.#cluster.endpoints.placesOf(keyOf(service), family));
    for (const node of local) if (nodes.has(node)) return true;
    return false;
  }
}

function changedSince(former: readonly (EipReach | undefined)[], now: EipReach): Changed {
  const nodes = new Set<string>();
  for (const before of former) {
    if (before?.standing !== now.standing) return 'all';
    for (const node of changedNodes(before, now)) nodes.add(node);
  }
  return nodes;
}

function changedNodes(before: EipReach, after: EipReach): ReadonlySet<string> {
  const changed = new Set<string>();
  for (const [node, standing] of after.standings) if (before.standings.get(node) !== standing) changed.add(node);
  for (const node of before.standings.keys()) if (!after.standings.has(node)) changed.add(node);
  return changed;
}
