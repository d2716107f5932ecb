/** A finding of the preflight: the reason, the object, the problem and the remedy. PURE. Conditions, Events and `kubectl skycap doctor` show the same sentence. */
import type { KubeObject } from '../api/meta/object.ts';
import type { Reason } from '../api/reasons.ts';

export interface ObjectName {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

export interface Finding {
  readonly reason: Reason;
  /** The object to look at or to change. */
  readonly object: ObjectName;
  readonly message: string;
  /** Continues the sentence: an order to the reader. */
  readonly remedy: string;
}

export function findingText({ message, remedy }: Finding): string {
  return `${message}; ${remedy}`;
}

/** `IPAddressPool metallb-system/main`. */
export function objectText({ kind, namespace, name }: ObjectName): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

export function objectName(kind: string, { metadata: { namespace, name = '' } }: KubeObject): ObjectName {
  return { kind, ...(namespace !== undefined && { namespace }), name };
}
