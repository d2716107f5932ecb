/**
 * What is to be done with a Service under review, before anything is claimed. Pure.
 *
 * A CREATE of ours is given addresses. On an UPDATE nothing that we gave is lost: as long as the wish is the same, our marks are put back exactly as
 * they were stored, whoever dropped or forged them, and no request is made for it. An UPDATE is denied only for what it newly breaks.
 */

import { formatProblem, formatProblems, type Problem } from '../../lib/api/problem.ts';
import type { Reason } from '../../lib/api/reasons.ts';
import { type AddressRequest, addressRequestKey, askedFor } from '../../lib/api/service/address-request.ts';
import { hasOurCondition } from '../../lib/api/service/has-our-condition.ts';
import {
  type AddressRequestContext,
  isRefused,
  parseAddressRequest,
  reasonOf,
} from '../../lib/api/service/parse-address-request.ts';
import type { Service } from '../../lib/api/service/service.ts';
import {
  hasManagedMetadata,
  type ManagedMetadata,
  managedMetadataOf,
  NO_MANAGED_METADATA,
  withManagedMetadata,
} from '../review/managed-metadata.ts';
import { splitProblems } from '../review/new-problems.ts';
import { asStored } from './as-stored.ts';

export type ServiceDecision =
  /** Nothing of ours. */
  | { readonly kind: 'untouched' }
  /** Ours as before: our marks stand as they were. */
  | { readonly kind: 'restore'; readonly service: Service; readonly warnings: readonly string[] }
  /** Not ours, or not any more: our marks go, whoever wrote them; where something was published, the allocator takes it back, and the last of them. */
  | { readonly kind: 'release'; readonly service: Service }
  | { readonly kind: 'deny'; readonly reason: Reason; readonly message: string }
  /** New, and ours, and it can't be read: admitted without an address, and the allocator says why. */
  | { readonly kind: 'pend'; readonly service: Service; readonly reason: Reason; readonly message: string }
  /** To be given addresses. */
  | { readonly kind: 'assign'; readonly addressRequest: AddressRequest; readonly asksAsBefore?: boolean };

export function decideCreate(service: Service, context: AddressRequestContext): ServiceDecision {
  const parsed = parseAddressRequest(service, context);
  if (parsed.kind === 'notOurs') return unmarked(service);
  if (parsed.kind === 'invalid') {
    return isRefused(parsed.problems, service) ? denied(parsed.problems) : pending(service, parsed.problems);
  }
  return { kind: 'assign', addressRequest: parsed.addressRequest };
}

export function decideUpdate(service: Service, old: Service, context: AddressRequestContext): ServiceDecision {
  const before = parseAddressRequest(old, context);
  const restored = withManagedMetadata(service, managedMetadataOf(old));
  const after = parseAddressRequest(asStored(restored, old), context);
  const restore = (warnings: readonly string[] = []): ServiceDecision => ({
    kind: 'restore',
    service: restored,
    warnings,
  });
  if (after.kind === 'notOurs') {
    if (before.kind !== 'notOurs') return leaving(service, old);
    if (!hasOurCondition(old)) return unmarked(service);
    // The allocator keeps what an Eip gave that is the default no more, or is about to take it back, with the marks.
    return service.spec?.type === 'LoadBalancer' ? restore() : released(service);
  }
  // On its way out: whatever it asks for, nothing stands in its way and nothing new is claimed.
  if (service.metadata.deletionTimestamp !== undefined) return restore();
  if (after.kind === 'invalid') {
    const { added, known } = splitProblems(after.problems, before.kind === 'invalid' ? before.problems : []);
    if (isRefused(added, service)) return denied(added);
    if (before.kind === 'notOurs' && !hasOurCondition(old)) return pending(service, added);
    return restore([...added.map(formatProblem), ...known]);
  }
  if (
    before.kind === 'addressRequest' &&
    addressRequestKey(before.addressRequest) === addressRequestKey(after.addressRequest)
  )
    return restore();
  // One that waits has what it publishes for what it asked before.
  const isWaiting = managedMetadataOf(old).waitingSince !== undefined;
  const asksAsBefore =
    before.kind === 'addressRequest' &&
    !isWaiting &&
    askedFor(before.addressRequest) === askedFor(after.addressRequest);
  return { kind: 'assign', addressRequest: after.addressRequest, ...(asksAsBefore && { asksAsBefore }) };
}

/** Annotations and labels of ours that were written by hand, or copied with a manifest, would tell people and selectors of an address that nobody gave. */
function unmarked(service: Service): ServiceDecision {
  return hasManagedMetadata(service) ? released(service) : { kind: 'untouched' };
}

/**
 * What it was given stays told until the allocator has taken that back from the status: by then the claim may be deleted by hand, and the Eip be
 * another. The API server itself takes it back from what is no load balancer any more.
 */
function leaving(service: Service, old: Service): ServiceDecision {
  const isPublished = service.spec?.type === 'LoadBalancer' && hasOurCondition(old);
  return released(service, isPublished ? { addresses: managedMetadataOf(old).addresses } : NO_MANAGED_METADATA);
}

function released(service: Service, managed: ManagedMetadata = NO_MANAGED_METADATA): ServiceDecision {
  return { kind: 'release', service: withManagedMetadata(service, managed) };
}

function pending(service: Service, problems: readonly Problem[]): ServiceDecision {
  return { ...denied(problems), kind: 'pend', service: withManagedMetadata(service, NO_MANAGED_METADATA) };
}

function denied(problems: readonly Problem[]): Extract<ServiceDecision, { kind: 'deny' }> {
  return { kind: 'deny', reason: reasonOf(problems), message: formatProblems(problems) };
}
