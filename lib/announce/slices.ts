/** The label by which an EndpointSlice belongs to a Service, and the selectors of the slices that concern load balancers. */
import { EIP_LABEL } from '../api/keys.ts';
import { keyFor } from '../api/meta/object.ts';
import type { EndpointSlice } from '../api/service/service.ts';

/** Slices that Kubernetes made for our Services, found by the label that it copies from them. */
export const LABELLED_SLICES = EIP_LABEL;
/** Slices of any other maker need not carry our label, so all of those are watched. A slice may be in both. */
export const FOREIGN_SLICES = 'endpointslice.kubernetes.io/managed-by!=endpointslice-controller.k8s.io';

/** Kubernetes' own link from a slice to its Service; the slice's name means nothing. */
const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

/** @returns '' for a slice of no Service. */
export function serviceKeyOf({ metadata }: EndpointSlice): string {
  const service = metadata.labels?.[SERVICE_NAME_LABEL];
  return service ? keyFor(metadata.namespace, service) : '';
}
