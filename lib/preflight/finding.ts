/** A finding of the preflight: the reason, the object, the problem and the remedy. PURE. Conditions, Events and `kubectl skycap doctor` show the same sentence. */
import type { KubeObject } from '../api/meta/object.ts';
import type { Reason } from '../api/reasons.ts';
import type { ObjectRef } from '../kube/client.ts';
import type { Resource } from '../kube/resource.ts';

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
  /** Worth knowing; nothing fails because of it alone. */
  readonly isNotice?: boolean;
  /** A change that is safe to make. */
  readonly fix?: Fix;
}

export interface Fix {
  /** An order, such as `delete ValidatingWebhookConfiguration openelb-admission`. */
  readonly action: string;
  readonly request:
    | {
        readonly verb: 'delete';
        readonly resource: Resource<KubeObject>;
        readonly ref: ObjectRef;
        /** Another object of the name is not deleted. */
        readonly uid: string;
      }
    | {
        readonly verb: 'patch';
        readonly resource: Resource<KubeObject>;
        readonly ref: ObjectRef;
        /** A merge patch (RFC 7396). */
        readonly body: object;
      };
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
