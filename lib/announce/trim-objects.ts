/**
 * What is kept of an EndpointSlice and of a Node: the fields that are decided by. The rest, often the larger part, is let go before it is cached, so that
 * memory follows the number of endpoints of load-balancer Services, and the kubelet's reports are nothing new.
 */
import { MAINTENANCE_ANNOTATION } from '../api/keys.ts';
import { type KubeObject, type ObjectMeta, pick } from '../api/meta/object.ts';
import type { EndpointSlice, Node, Pod } from '../api/service/service.ts';

export function trimSlice(slice: EndpointSlice): EndpointSlice {
  return {
    metadata: trimMetadata(slice),
    addressType: slice.addressType,
    endpoints: (slice.endpoints ?? []).map(({ nodeName, conditions }) => ({
      addresses: [],
      ...(nodeName !== undefined && { nodeName }),
      ...(conditions && { conditions }),
    })),
  };
}

/** Two versions of what was kept: only the resourceVersion differs, as after a condition of a Service was written. */
export function sameTrimmed(a: KubeObject, b: KubeObject): boolean {
  return textOf(a) === textOf(b);
}

function textOf(object: KubeObject): string {
  const { resourceVersion: _, ...metadata } = object.metadata;
  return JSON.stringify({ ...object, metadata });
}

export function trimNode({ metadata, spec, status }: Node): Node {
  const maintenance = metadata.annotations?.[MAINTENANCE_ANNOTATION];
  return {
    metadata: {
      ...pick(metadata, ['name', 'uid', 'resourceVersion', 'labels', 'deletionTimestamp']),
      ...(maintenance !== undefined && { annotations: { [MAINTENANCE_ANNOTATION]: maintenance } }),
    },
    ...(spec && { spec: pick(spec, ['taints', 'unschedulable']) }),
    status: {
      addresses: (status?.addresses ?? []).filter(({ type }) => type === 'InternalIP'),
      conditions: (status?.conditions ?? [])
        .filter(({ type }) => type === 'Ready')
        .map((ready) => pick(ready, ['type', 'status', 'message'])),
    },
  };
}

/** Where it is, and which of its containers do not run. */
export function trimPod({ metadata, spec, status }: Pod): Pod {
  const down = (status?.containerStatuses ?? []).flatMap(({ name, state }) =>
    state?.waiting || state?.terminated ? [{ name, state: { waiting: {} } }] : [],
  );
  return {
    metadata: pick(metadata, ['name', 'namespace', 'uid', 'resourceVersion']),
    ...(spec && { spec: pick(spec, ['nodeName']) }),
    ...(down.length > 0 && { status: { containerStatuses: down } }),
  };
}

export function trimMetadata({ metadata }: KubeObject): ObjectMeta {
  return pick(metadata, ['name', 'namespace', 'uid', 'resourceVersion', 'labels']);
}
