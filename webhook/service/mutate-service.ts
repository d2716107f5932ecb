/**
 * The answer to a Service's review: decide (`decide-service.ts`), choose and claim (`assign-addresses.ts`), answer (`answer-choice.ts`). After any failure the Service is
 * admitted without an address, and the allocator assigns one.
 */
import { managedMetadataOf } from '../../lib/api/service/managed-metadata.ts';
import { isOurs, portsOf } from '../../lib/api/service/parse-address-request.ts';
import { publishedAddresses } from '../../lib/api/service/published-addresses.ts';
import { decideCreate, decideUpdate, type ServiceDecision } from '../../lib/ipam/admission/decide-service.ts';
import { clashAt } from '../../lib/ipam/choice/choose.ts';
import { holdersOf } from '../../lib/ipam/claims/holders-of.ts';
import type { Logger } from '../../lib/process/log.ts';
import { patchFor } from '../review/patch.ts';
import type { AdmissionRequest } from '../review/review.ts';
import type { Reviewed } from '../review/reviewed.ts';
import { eipsOf, NOTHING_IS_OURS, newEipWarnings, newNearlyOursWarnings } from './advice/review-advice.ts';
import { answerChoice, answerPinned } from './answer-choice.ts';
import { deferred, denied, type ServiceAnswer, UNTOUCHED, unreadable } from './answers.ts';
import { type AssignDeps, assignAddresses } from './assign-addresses.ts';
import { fieldsOf, type Subject, subjectOf } from './review-subject.ts';

export interface ServiceMutatorDeps extends AssignDeps {
  /** The allocator writes the managed metadata itself, and is not corrected. */
  readonly allocatorUser: string;
  readonly log: Logger;
}

export class ServiceMutator {
  readonly #deps: ServiceMutatorDeps;

  constructor(deps: ServiceMutatorDeps) {
    this.#deps = deps;
  }

  /** @param signal ends the search for an address; the Service is then admitted without one. */
  async mutate(request: AdmissionRequest, signal: AbortSignal): Promise<Reviewed> {
    const { allocatorUser, cluster, log } = this.#deps;
    const subject = subjectOf(request);
    if (!subject || request.userName === allocatorUser) return UNTOUCHED;
    const { line, answer, outcome } = await this.#review(subject, signal);
    if (line && !request.dryRun) log.info({ ...fieldsOf(subject), ...line.fields }, line.message);
    const advice = newNearlyOursWarnings(subject, cluster);
    if (advice.length === 0) return { answer, outcome };
    return { answer: { ...answer, warnings: [...(answer.warnings ?? []), ...advice] }, outcome };
  }

  async #review(subject: Subject, signal: AbortSignal): Promise<ServiceAnswer> {
    const { cluster } = this.#deps;
    const { service, old } = subject;
    if (cluster.missing !== undefined) {
      return isOurs(service, NOTHING_IS_OURS) ? this.#deferred(subject, new Error(cluster.missing)) : UNTOUCHED;
    }
    const context = cluster.addressRequestContext(old);
    const decision = old ? decideUpdate(service, old, context) : decideCreate(service, context);
    switch (decision.kind) {
      case 'untouched':
        return UNTOUCHED;
      case 'restore':
        return this.#restored(subject, decision);
      case 'release':
        return { answer: { allowed: true, patch: patchFor(service, decision.service) }, outcome: 'released' };
      case 'deny':
        return denied('Invalid', decision);
      case 'pend':
        return unreadable(subject, decision);
      case 'assign':
        return this.#assign(subject, decision, signal);
    }
  }

  /** A Service that cannot be read keeps its address, and gets no port of another Service there. */
  #restored(subject: Subject, decision: Extract<ServiceDecision, { kind: 'restore' }>): ServiceAnswer {
    const { service, old, identity } = subject;
    const { cluster } = this.#deps;
    const isSelf = holdersOf({ ...identity, token: old && managedMetadataOf(old).token }, 'isLeft');
    const clash =
      old &&
      decision.warnings.length > 0 &&
      clashAt(publishedAddresses(old), portsOf(service), { taken: cluster.ledger, isSelf, portsBefore: portsOf(old) });
    if (clash) return denied('Forbidden', clash);
    const patch = patchFor(service, decision.service);
    const ofEips = old ? newEipWarnings(subject, eipsOf(old, cluster), cluster) : [];
    return { answer: { allowed: true, patch, warnings: [...decision.warnings, ...ofEips] }, outcome: 'restored' };
  }

  async #assign(
    subject: Subject,
    decision: Extract<ServiceDecision, { kind: 'assign' }>,
    signal: AbortSignal,
  ): Promise<ServiceAnswer> {
    const { cluster, now } = this.#deps;
    try {
      const assigned = await assignAddresses(subject, decision, this.#deps, signal);
      if (assigned.kind === 'exists') return UNTOUCHED;
      const input = { subject, claimRequest: assigned.claimRequest, cluster, now: now() };
      return assigned.kind === 'pinned' ? answerPinned(assigned.pinned, input) : answerChoice(assigned.choice, input);
    } catch (err) {
      return this.#deferred(subject, err);
    }
  }

  #deferred(subject: Subject, err: unknown): ServiceAnswer {
    this.#deps.log.warn({ ...fieldsOf(subject), err }, 'left address to the allocator');
    return deferred(subject, err);
  }
}
