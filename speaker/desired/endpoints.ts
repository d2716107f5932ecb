/**
 * What the EndpointSlices of one Service say, as seen from one node (KEP-1672: absent conditions mean ready, serving, not terminating).
 */
import type { Endpoint, EndpointSlice } from '../../lib/api/service.ts';
import type { Family } from '../../lib/net/address.ts';

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

export function viewEndpoints(slices: readonly EndpointSlice[], family: Family, nodeName: string): EndpointView {
  const endpoints = slices
    .filter(({ addressType }) => addressType === (family === 4 ? 'IPv4' : 'IPv6'))
    .flatMap((slice) => slice.endpoints ?? []);
  const ready = endpoints.filter(isReady);
  const draining = endpoints.filter(isDraining);
  const isLocal = (endpoint: Endpoint) => endpoint.nodeName === nodeName;
  return {
    localReady: ready.some(isLocal),
    localDraining: draining.some(isLocal),
    readyOnSomeNode: ready.some(({ nodeName }) => nodeName !== undefined),
    usable: ready.length > 0 || draining.length > 0,
  };
}

/** `publishNotReadyAddresses` needs no rule of ours: Kubernetes then writes ready true. */
function isReady({ conditions }: Endpoint): boolean {
  return conditions?.ready ?? true;
}

function isDraining({ conditions }: Endpoint): boolean {
  return conditions?.terminating === true && (conditions.serving ?? true);
}
