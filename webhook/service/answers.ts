/** The answers to a Service's review that need no address. */
import type { Reason } from '../../lib/api/reasons.ts';
import { managedMetadataOf, withManagedMetadata } from '../../lib/api/service/managed-metadata.ts';
import type { ServiceDecision } from '../../lib/ipam/admission/decide-service.ts';
import { admissionRefusalIn } from '../../lib/kube/http/admission-refusal.ts';
import { patchFor } from '../review/patch.ts';
import type { Refusal } from '../review/review.ts';
import type { Reviewed } from '../review/reviewed.ts';
import { pendingWarnings } from './advice/service-advice.ts';
import type { Subject } from './review-subject.ts';

export interface ServiceAnswer extends Reviewed {
  /** For the log. A dry run changes nothing, and is not logged. */
  readonly line?: { readonly message: string; readonly fields: object };
}

export const UNTOUCHED: ServiceAnswer = { answer: { allowed: true }, outcome: 'untouched' };

export function denied(refusal: Refusal, { reason, message }: { reason: Reason; message: string }): ServiceAnswer {
  return {
    answer: { allowed: false, refusal, message, auditAnnotations: { refused: reason } },
    outcome: 'denied',
    line: { message: 'refused Service', fields: { reason, why: message } },
  };
}

export function unreadable(
  subject: Subject,
  { service, reason, message }: Extract<ServiceDecision, { kind: 'pend' }>,
): ServiceAnswer {
  return {
    answer: {
      allowed: true,
      patch: patchFor(subject.service, service),
      warnings: pendingWarnings(message, []),
      auditAnnotations: { pending: reason },
    },
    outcome: 'pending',
    line: { message: 'address pending', fields: { reason, why: message } },
  };
}

/** On an UPDATE the managed metadata stays as stored, since the Service still holds its addresses. */
export function deferred({ service, old }: Subject, err: unknown): ServiceAnswer {
  const patch = old ? patchFor(service, withManagedMetadata(service, managedMetadataOf(old))) : [];
  const why = err instanceof Error ? err.message : String(err);
  const when = admissionRefusalIn(err) ? 'once this is mended' : 'a moment later';
  return {
    answer: { allowed: true, patch, warnings: [`the address is assigned ${when}: ${why}`] },
    outcome: 'deferred',
  };
}
