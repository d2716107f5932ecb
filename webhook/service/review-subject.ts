/** The Service of a review: the new object and the stored one. */

import type { Service } from '../../lib/api/service/service.ts';
import type { ClaimHolder } from '../../lib/api/skycap/claim.ts';
import type { Identity } from '../cluster/service-claim-request.ts';
import type { AdmissionRequest } from '../review/review.ts';

export interface Subject {
  readonly request: AdmissionRequest;
  readonly service: Service;
  /** Absent on CREATE. */
  readonly old: Service | undefined;
  readonly identity: Identity;
}

export function subjectOf(request: AdmissionRequest): Subject | undefined {
  const { kind, operation, object, oldObject } = request;
  if (kind !== 'Service' || !object || (operation !== 'CREATE' && operation !== 'UPDATE')) return undefined;
  const namespace = request.namespace || object.metadata.namespace || 'default';
  const name = request.name || object.metadata.name || undefined;
  // The object may lack its namespace; the request has it.
  const service = { ...object, metadata: { ...object.metadata, namespace } } as Service;
  const old = operation === 'UPDATE' ? (oldObject as Service | undefined) : undefined;
  return { request, service, old, identity: { namespace, name, uid: old?.metadata.uid } };
}

export function isOfName(holder: ClaimHolder, { namespace, name }: Identity): boolean {
  return name !== undefined && holder.namespace === namespace && holder.name === name;
}

export function fieldsOf({ request, service, identity }: Subject): object {
  const { generateName } = service.metadata;
  return {
    namespace: identity.namespace,
    ...(identity.name === undefined ? { generateName } : { service: identity.name }),
    operation: request.operation,
  };
}
