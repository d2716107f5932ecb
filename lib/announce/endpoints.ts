/**
 * Reads the EndpointSlices of one Service, as seen from a node (KEP-1672: absent conditions mean ready, serving, not terminating).
 */
import type { Endpoint, EndpointSlice } from '../api/service/service.ts';
import type { Family } from '../net/address.ts';

export interface EndpointView {
  /** An endpoint on this node is ready. */
  readonly localReady: boolean;
  /** An endpoint on this node still serves while it terminates; kube-proxy falls back to it (KEP-1669). */
  readonly localDraining: boolean;
  /** An endpoint on any node is ready. One that names no node is on none: `Local` traffic never reaches it. */
  readonly readyOnSomeNode: boolean;
  /** Anything that kube-proxy would send traffic to: ready, or serving while terminating. */
  readonly usable: boolean;
}

/** The endpoints of one family, by what they can do and where; the same for all nodes. */
export interface EndpointPlaces {
  /** Names of the nodes that have a ready one. */
  readonly ready: ReadonlySet<string>;
  readonly draining: ReadonlySet<string>;
  readonly usable: boolean;
}

export function placesOf(slices: readonly EndpointSlice[], family: Family): EndpointPlaces {
  const endpoints = slices
    .filter(({ addressType }) => addressType === (family === 4 ? 'IPv4' : 'IPv6'))
    .flatMap((slice) => slice.endpoints ?? []);
  const ready = endpoints.filter(isReady);
  const draining = endpoints.filter(isDraining);
  return { ready: nodesOf(ready), draining: nodesOf(draining), usable: ready.length > 0 || draining.length > 0 };
}

export function viewFrom({ ready, draining, usable }: EndpointPlaces, nodeName: string): EndpointView {
  return {
    localReady: ready.has(nodeName),
    localDraining: draining.has(nodeName),
    readyOnSomeNode: ready.size > 0,
    usable,
  };
}

/** Nodes that `Local` traffic may enter by: those with a ready endpoint, or where none is ready those with one that still serves. */
export function localNodes({ ready, draining }: Pick<EndpointPlaces, 'ready' | 'draining'>): ReadonlySet<string> {
  return ready.size > 0 ? ready : draining;
}

function nodesOf(endpoints: readonly Endpoint[]): Set<string> {
  return new Set(endpoints.flatMap(({ nodeName }) => nodeName ?? []));
}

/** `publishNotReadyAddresses` needs no rule of ours: Kubernetes then writes ready true. */
function isReady({ conditions }: Endpoint): boolean {
  return conditions?.ready ?? true;
}

function isDraining({ conditions }: Endpoint): boolean {
  return conditions?.terminating === true && (conditions.serving ?? true);
}
