/** `coordination.k8s.io/v1` Lease: of a leader, or of a node's speaker. */
import type { KubeObject } from '../../api/meta/object.ts';
import type { Resource } from '../resource.ts';

export interface Lease extends KubeObject {
  readonly spec?: {
    /** Absent or empty: the Lease is free. */
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    /** MicroTime: RFC 3339 with six digits of a second. */
    readonly acquireTime?: string;
    readonly renewTime?: string;
    /** The number of changes of the holder. */
    readonly leaseTransitions?: number;
  };
}

export const LEASES: Resource<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};

/** `metav1.MicroTime`; a Date has milliseconds only. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
