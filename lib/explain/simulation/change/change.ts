/** A change of the cluster that is tried. */
import type { KubeObject } from '../../../api/meta/object.ts';

export type Change =
  /** The machine loses its power: its speaker and its Pods are gone, and its Node stays, not ready. */
  | { readonly kind: 'nodeGone'; readonly node: string }
  /** The annotation `skycap.io/maintenance`. */
  | { readonly kind: 'maintenance'; readonly node: string }
  | { readonly kind: 'delete'; readonly of: DeletableKind; readonly name: string; readonly namespace?: string }
  /** `kubectl apply` of these objects, in this order. */
  | { readonly kind: 'apply'; readonly objects: readonly AppliedObject[] };

export const DELETABLE_KINDS = ['Eip', 'BgpPeer', 'BgpConf', 'Service', 'Node'] as const;
export type DeletableKind = (typeof DELETABLE_KINDS)[number];

export const APPLICABLE_KINDS = ['Eip', 'BgpPeer', 'BgpConf', 'Service'] as const;
export type ApplicableKind = (typeof APPLICABLE_KINDS)[number];

/** An object as a file has it. */
export interface AppliedObject extends KubeObject {
  readonly apiVersion: string;
  readonly kind: ApplicableKind;
  readonly spec?: object;
}
