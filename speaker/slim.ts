/**
 * What is kept of a Service, an EndpointSlice, and of other nodes and their Speakers: the fields that are decided by. The rest, often the larger part, is let go before
 * it is cached, so that memory follows the number of load-balancer Services and endpoints.
 */
import type { KubeObject, ObjectMeta } from '../lib/api/object.ts';
import type { EndpointSlice, Node, Service } from '../lib/api/service.ts';
import type { SpeakerObject } from '../lib/api/speaker-types.ts';

export function slimService(service: Service): Service {
  const { spec, status } = service;
  return {
    metadata: slimMetadata(service),
    ...(spec && { spec: pick(spec, ['type', 'externalTrafficPolicy']) }),
    ...(status?.loadBalancer && { status: { loadBalancer: status.loadBalancer } }),
  };
}

export function slimSlice(slice: EndpointSlice): EndpointSlice {
  return {
    metadata: slimMetadata(slice),
    addressType: slice.addressType,
    endpoints: (slice.endpoints ?? []).map(({ nodeName, conditions }) => ({
      addresses: [],
      ...(nodeName !== undefined && { nodeName }),
      ...(conditions && { conditions }),
    })),
  };
}

/** Two versions of what was kept: only the resourceVersion differs, as after a condition of a Service was written. */
export function sameSlim(a: KubeObject, b: KubeObject): boolean {
  return textOf(a) === textOf(b);
}

function textOf(object: KubeObject): string {
  const { resourceVersion: _, ...metadata } = object.metadata;
  return JSON.stringify({ ...object, metadata });
}

export function slimNode({ metadata, spec, status }: Node): Node {
  return {
    metadata: pick(metadata, ['name', 'uid', 'resourceVersion', 'labels', 'deletionTimestamp']),
    ...(spec && { spec: pick(spec, ['taints', 'unschedulable']) }),
    status: {
      addresses: (status?.addresses ?? []).filter(({ type }) => type === 'InternalIP'),
      conditions: (status?.conditions ?? []).filter(({ type }) => type === 'Ready'),
    },
  };
}

/** What a node says of itself for layer 2; its sessions are nobody else's business. */
export function slimSpeaker({ apiVersion, kind, metadata, status }: SpeakerObject): SpeakerObject {
  const kept = pick(status ?? {}, ['layer2Addresses', 'layer2Unable', 'suspects', 'stopping']);
  return {
    apiVersion,
    kind,
    metadata: pick(metadata, ['name', 'uid', 'resourceVersion']),
    ...(status && { status: kept }),
  };
}

function slimMetadata({ metadata }: KubeObject): ObjectMeta {
  return pick(metadata, ['name', 'namespace', 'uid', 'resourceVersion', 'labels']);
}

function pick<T extends object, K extends keyof T>(from: T, keys: readonly K[]): Pick<T, K> {
  return Object.fromEntries(keys.flatMap((key) => (from[key] === undefined ? [] : [[key, from[key]]]))) as Pick<T, K>;
}
