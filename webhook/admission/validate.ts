/**
 * The answer to the review of an Eip, a BgpConf, a BgpPeer, or a ConfigMap with a policy: refused with the remedy of each problem, or admitted with warnings
 * (`lib/ipam/admission/object-findings.ts`). A deletion is refused only for an Eip in use (`review-eip-deletion.ts`).
 */

import { formatProblems } from '../../lib/api/problem.ts';
import { type FindingsDeps, findingsFor } from '../../lib/ipam/admission/object-findings.ts';
import type { Logger } from '../../lib/process/log.ts';
import type { AdmissionRequest } from '../review/review.ts';
import type { Reviewed } from '../review/reviewed.ts';

export interface ValidatorDeps extends FindingsDeps {
  readonly log: Logger;
}

export function validate(request: AdmissionRequest, deps: ValidatorDeps): Reviewed {
  const { kind, operation, object, oldObject, name, dryRun } = request;
  const isWritten = operation === 'CREATE' || operation === 'UPDATE';
  if (!object || !isWritten || object.metadata.deletionTimestamp !== undefined) {
    return { answer: { allowed: true }, outcome: 'allowed' };
  }
  const { problems, warnings } = findingsFor(kind, object, operation === 'UPDATE' ? oldObject : undefined, deps);
  if (problems.length === 0) return { answer: { allowed: true, warnings }, outcome: 'allowed' };
  const message = formatProblems(problems);
  if (!dryRun) deps.log.info({ kind, name, operation, why: message }, 'refused object');
  return { answer: { allowed: false, refusal: 'Invalid', message, warnings }, outcome: 'denied' };
}
