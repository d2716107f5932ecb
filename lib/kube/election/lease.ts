/** `coordination.k8s.io/v1` Lease: what a leader holds, and what says that a node's speaker lives. */
import type { KubeObject } from '../../api/meta/object.ts';
import type { Resource } from '../resource.ts';

export interface Lease extends KubeObject {
  readonly spec?: {
    /** Absent or empty: nobody. */
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    /** MicroTime: RFC 3339 with six digits of a second. */
    readonly acquireTime?: string;
    readonly renewTime?: string;
    /** How often it changed hands. */
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
