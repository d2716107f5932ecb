/** Which EndpointSlices belong to load-balancer Services, and to which one. */
import { EIP_LABEL } from '../api/keys.ts';
import { keyFor } from '../api/meta/object.ts';
import type { EndpointSlice } from '../api/service/service.ts';

/** Slices that Kubernetes made for our Services, found by the label that it copies from them. */
export const LABELLED_SLICES = EIP_LABEL;
/** Slices of any other maker need not carry our label, so all of those are watched. A slice may be in both. */
export const FOREIGN_SLICES = 'endpointslice.kubernetes.io/managed-by!=endpointslice-controller.k8s.io';

/** Kubernetes' own link from a slice to its Service; the slice's name means nothing. */
const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

/** Kept with the slice: a text made anew has to be hashed anew, and there may be ten thousand slices. */
const serviceKeys = new WeakMap<EndpointSlice, string>();

/** @returns '' for a slice of no Service. */
export function serviceKeyOf(slice: EndpointSlice): string {
  const known = serviceKeys.get(slice);
  if (known !== undefined) return known;
  const service = slice.metadata.labels?.[SERVICE_NAME_LABEL];
  const key = service ? keyFor(slice.metadata.namespace, service) : '';
  serviceKeys.set(slice, key);
  return key;
}
