/**
 * Decides what to do with a Service under review, before any claim is written. Pure.
 *
 * A created Service of Skycap's gets addresses. An UPDATE with an unchanged address request gets back the stored managed metadata, even if the request dropped or
 * forged it, and needs no call to the API server. An UPDATE is denied only for problems that it adds.
 */

import { formatProblem, formatProblems, type Problem } from '../../api/problem.ts';
import type { Reason } from '../../api/reasons.ts';
import { type AddressRequest, addressRequestKey, askedFor } from '../../api/service/address-request.ts';
import { hasOurCondition } from '../../api/service/has-our-condition.ts';
import {
  hasManagedMetadata,
  type ManagedMetadata,
  managedMetadataOf,
  NO_MANAGED_METADATA,
  withManagedMetadata,
} from '../../api/service/managed-metadata.ts';
import {
  type AddressRequestContext,
  isRefused,
  parseAddressRequest,
  reasonOf,
} from '../../api/service/parse-address-request.ts';
import { parseRouteOverrides } from '../../api/service/route-overrides.ts';
import type { Service } from '../../api/service/service.ts';
import { asStored } from './as-stored.ts';
import { splitProblems } from './new-problems.ts';

export type ServiceDecision =
  /** Not Skycap's. */
  | { readonly kind: 'untouched' }
  /** Skycap's as before: the managed metadata stays as stored. */
  | { readonly kind: 'restore'; readonly service: Service; readonly warnings: readonly string[] }
  /** Not Skycap's, or no longer: the managed metadata is removed. If an address is published, the allocator removes the address and the last of the metadata. */
  | { readonly kind: 'release'; readonly service: Service }
  | { readonly kind: 'deny'; readonly reason: Reason; readonly message: string }
  /** New, Skycap's, and with problems: admitted without an address. The allocator reports the problems. */
  | { readonly kind: 'pend'; readonly service: Service; readonly reason: Reason; readonly message: string }
  /** Gets addresses. */
  | { readonly kind: 'assign'; readonly addressRequest: AddressRequest; readonly asksAsBefore?: boolean };

export function decideCreate(service: Service, context: AddressRequestContext): ServiceDecision {
  const parsed = parseAddressRequest(service, context);
  if (parsed.kind === 'notOurs') return unmarked(service);
  if (parsed.kind === 'invalid') {
    return isRefused(parsed.problems, service) ? denied(parsed.problems) : pending(service, parsed.problems);
  }
  const { problems } = parseRouteOverrides(service);
  if (isRefused(problems, service)) return denied(problems);
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
    // The allocator keeps the address of an Eip that is no longer the default, or is about to remove the address with the metadata.
    return service.spec?.type === 'LoadBalancer' ? restore() : released(service);
  }
  // A Service that is being deleted gets nothing new, and is not denied.
  if (service.metadata.deletionTimestamp !== undefined) return restore();
  if (after.kind === 'invalid') {
    const { added, known } = splitProblems(after.problems, before.kind === 'invalid' ? before.problems : []);
    if (isRefused(added, service)) return denied(added);
    if (before.kind === 'notOurs' && !hasOurCondition(old)) return pending(service, added);
    return restore([...added.map(formatProblem), ...known]);
  }
  const overrides = splitProblems(parseRouteOverrides(service).problems, parseRouteOverrides(old).problems);
  if (isRefused(overrides.added, service)) return denied(overrides.added);
  if (
    before.kind === 'addressRequest' &&
    addressRequestKey(before.addressRequest) === addressRequestKey(after.addressRequest)
  )
    return restore();
  // The published address of a waiting Service fulfils a former request.
  const isWaiting = managedMetadataOf(old).waitingSince !== undefined;
  const asksAsBefore =
    before.kind === 'addressRequest' &&
    !isWaiting &&
    askedFor(before.addressRequest) === askedFor(after.addressRequest);
  return { kind: 'assign', addressRequest: after.addressRequest, ...(asksAsBefore && { asksAsBefore }) };
}

/** Managed metadata that was written by hand or copied with a manifest would show an address that Skycap did not give. */
function unmarked(service: Service): ServiceDecision {
  return hasManagedMetadata(service) ? released(service) : { kind: 'untouched' };
}

/**
 * The annotation with the addresses stays until the allocator has removed them from the status: the claim may be deleted by hand, and the Eip may have changed
 * by then. The API server itself empties the status of a Service that is no load balancer any more.
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
