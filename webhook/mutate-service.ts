/**
 * The answer to a Service's review: decide (`decide-service.ts`), claim (`lib/ipam/claimer.ts`), patch. Whatever fails, the Service is admitted: it is
 * created without its address then, and the allocator gives it one.
 */
import type { ClaimHolder } from '../lib/api/claim.ts';
import { isOurs, portsOf } from '../lib/api/parse-wants.ts';
import { publishedAddresses } from '../lib/api/published-addresses.ts';
import type { Reason } from '../lib/api/reasons.ts';
import type { Service } from '../lib/api/service.ts';
import { type Choice, clashAt, type Given } from '../lib/ipam/choose.ts';
import type { Claimer } from '../lib/ipam/claimer.ts';
import { apartAt, type Holding, pinnedHoldings } from '../lib/ipam/holding.ts';
import { admissionRefusalIn } from '../lib/kube/admission-refusal.ts';
import { NAMESPACES } from '../lib/kube/resource.ts';
import { formatAddress, sameAddress } from '../lib/net/address.ts';
import type { Logger } from '../lib/process/log.ts';
import { claimsHeld, isOfService, type ServiceClaimant } from './claimant.ts';
import { decideCreate, decideUpdate, type ServiceDecision } from './decide-service.ts';
import { isForUnstored } from './giving-way.ts';
import { exists, type IdentifyDeps, identifyNew, identifyStored } from './identify.ts';
import { releaseLeftPorts } from './left-ports.ts';
import { type Marks, marksFor, marksOf, NO_MARKS, withMarks } from './marks.ts';
import { patchFor } from './patch.ts';
import type { AdmissionRequest, Refusal } from './review.ts';
import { eipsOf, NOTHING_IS_OURS, newAffinityWarnings, newNearlyOursWarnings } from './review-advice.ts';
import { fieldsOf, isOfName, type Subject, subjectOf } from './review-subject.ts';
import type { Reviewed } from './reviewed.ts';
import { assignedWarnings, pendingWarnings, sourceRangeWarnings, unlikeWarnings } from './service-advice.ts';
import type { ClusterSituation } from './situation.ts';
import type { UnstoredClaims } from './unstored-claims.ts';

export interface ServiceMutatorDeps extends Omit<IdentifyDeps, 'ledger'> {
  readonly situation: ClusterSituation;
  readonly claimer: Claimer<ServiceClaimant>;
  readonly unstored: Pick<UnstoredClaims, 'tooMany'>;
  /** The allocator writes the marks itself, and is not corrected. */
  readonly allocatorUser: string;
  readonly log: Logger;
}

const UNTOUCHED: Reviewed = { answer: { allowed: true }, outcome: 'untouched' };
/** In which another review may change the claim. */
const MOST_ROUNDS = 3;

export class ServiceMutator {
  readonly #deps: ServiceMutatorDeps;
  readonly #identifyDeps: IdentifyDeps;

  constructor(deps: ServiceMutatorDeps) {
    this.#deps = deps;
    this.#identifyDeps = { ...deps, ledger: deps.situation.ledger };
  }

  /** @param signal ends the search for an address; the Service is admitted without one then. */
  async mutate(request: AdmissionRequest, signal: AbortSignal): Promise<Reviewed> {
    const subject = subjectOf(request);
    if (!subject || request.userName === this.#deps.allocatorUser) return UNTOUCHED;
    const reviewed = await this.#review(subject, signal);
    const advice = newNearlyOursWarnings(subject, this.#deps.situation);
    if (advice.length === 0) return reviewed;
    const { answer } = reviewed;
    return { ...reviewed, answer: { ...answer, warnings: [...(answer.warnings ?? []), ...advice] } };
  }

  async #review(subject: Subject, signal: AbortSignal): Promise<Reviewed> {
    const { situation } = this.#deps;
    const { service, old } = subject;
    if (situation.missing !== undefined) {
      return isOurs(service, NOTHING_IS_OURS) ? this.#deferred(subject, new Error(situation.missing)) : UNTOUCHED;
    }
    const context = situation.wantsContext(old);
    const decision = old ? decideUpdate(service, old, context) : decideCreate(service, context);
    switch (decision.kind) {
      case 'untouched':
        return UNTOUCHED;
      case 'restore':
        return this.#restored(subject, decision);
      case 'release':
        return { answer: { allowed: true, patch: patchFor(service, decision.service) }, outcome: 'released' };
      case 'deny':
        return this.#denied(subject, 'Invalid', decision.reason, decision.message);
      case 'pend':
        return this.#unreadable(subject, decision);
      case 'assign':
        return this.#assign(subject, decision, signal);
    }
  }

  /** One that can't be read keeps its address, and takes no port there that is another's. */
  #restored(subject: Subject, decision: Extract<ServiceDecision, { kind: 'restore' }>): Reviewed {
    const { service, old, identity } = subject;
    const { ledger } = this.#deps.situation;
    const isSelf = isOfService(identity, old && marksOf(old).token);
    const clash =
      old &&
      decision.warnings.length > 0 &&
      clashAt(publishedAddresses(old), portsOf(service), { taken: ledger, isSelf, portsBefore: portsOf(old) });
    if (clash) return this.#denied(subject, 'Forbidden', clash.reason, clash.message);
    const patch = patchFor(service, decision.service);
    const warnings = [
      ...decision.warnings,
      ...(old ? newAffinityWarnings(subject, eipsOf(old, this.#deps.situation), this.#deps.situation) : []),
    ];
    return { answer: { allowed: true, patch, warnings }, outcome: 'restored' };
  }

  async #assign(
    subject: Subject,
    { wants, asksAsBefore = false }: Extract<ServiceDecision, { kind: 'assign' }>,
    signal: AbortSignal,
  ): Promise<Reviewed> {
    const { claimer } = this.#deps;
    const { identity, service, old, request } = subject;
    try {
      await this.#learnNamespace(identity.namespace, signal);
      const claimant = old
        ? { ...(await identifyStored(identity, old, wants, this.#identifyDeps, signal)), asksAsBefore }
        : await identifyNew(identity, service, wants, this.#identifyDeps, signal);
      if (!claimant) return UNTOUCHED;
      const [pinned] = old ? pinnedHoldings(wants, this.#held(old, claimant)) : [];
      if (old && pinned) return this.#pinned(subject, claimant, pinned);
      const choice =
        this.#unstored(claimant) ?? (request.dryRun ? claimer.preview(claimant) : await this.#chosen(claimant, signal));
      return this.#answerFor(subject, claimant, await this.#orPending(subject, claimant, choice, signal));
    } catch (err) {
      return this.#deferred(subject, err);
    }
  }

  async #chosen(claimant: ServiceClaimant, signal: AbortSignal): Promise<Choice> {
    const { claimer, client, situation } = this.#deps;
    for (let round = 1; ; round++) {
      const choice = await claimer.assign(claimant, signal);
      if (choice.kind !== 'clashes' || round === MOST_ROUNDS) return choice;
      if (!(await releaseLeftPorts(claimant, { claimer, client, ledger: situation.ledger }, signal))) return choice;
    }
  }

  #held(old: Service, claimant: ServiceClaimant): Holding[] {
    const { situation } = this.#deps;
    return [...situation.holdingsOf(claimant), ...situation.lostHoldingsOf(old, claimant)];
  }

  /** A namespace whose creations are refused after admission waits for one to be stored, rather than to hold still another address. */
  #unstored(claimant: ServiceClaimant): Choice | undefined {
    const { claimer, situation, unstored } = this.#deps;
    const { namespace } = claimant.wants;
    const count = unstored.tooMany(namespace);
    if (count === undefined || claimsHeld(claimant, situation.ledger).length > 0) return undefined;
    if (claimer.preview(claimant).kind !== 'assigned') return undefined;
    const message = `creations in namespace ${namespace} were refused of late after they had got an address, and it holds ${count} for such; this Service gets its address when it is stored`;
    return { kind: 'pending', keeps: [], reason: 'CreationsRefused', message };
  }

  /** A creation is not refused for the sake of others that were never stored. */
  async #orPending({ old }: Subject, claimant: ServiceClaimant, choice: Choice, signal: AbortSignal): Promise<Choice> {
    if (old || choice.kind !== 'refused') return choice;
    const { situation, client, now } = this.#deps;
    const isAvailable = await isForUnstored({
      wants: claimant.wants,
      situation: situation.situationFor(claimant),
      claims: situation.ledger.claims(),
      nowMs: now().getTime(),
      // An entry without a name is bound as soon as its Service is stored.
      isThere: async ({ namespace, name }) => name !== undefined && exists(client, { namespace, name }, signal),
    });
    if (!isAvailable) return choice;
    const message = `${choice.message}; creations that were not stored give their addresses to this Service once it is stored`;
    return { ...choice, kind: 'pending', message };
  }

  /** A namespace made a moment before its first Service: an Eip may select it by its labels, so they are asked for. */
  async #learnNamespace(name: string, signal: AbortSignal): Promise<void> {
    const { situation, client } = this.#deps;
    if (!situation.lacksNamespace(name)) return;
    situation.learnNamespace(await client.get(NAMESPACES, { name }, { signal }));
  }

  #answerFor(subject: Subject, claimant: ServiceClaimant, choice: Choice): Reviewed {
    const { old } = subject;
    // One that waits already is not worse off for what it asks now.
    const isWaiting = old !== undefined && marksOf(old).waitingSince !== undefined;
    if (choice.kind === 'clashes' || (choice.kind === 'refused' && !isWaiting))
      return this.#denied(subject, 'Forbidden', choice.reason, choice.message);
    return choice.kind === 'assigned'
      ? this.#assigned(subject, claimant, choice)
      : this.#pending(subject, claimant, choice);
  }

  #assigned(subject: Subject, claimant: ServiceClaimant, choice: Extract<Choice, { kind: 'assigned' }>): Reviewed {
    const { service, old, request } = subject;
    const { dryRun } = request;
    const { situation } = this.#deps;
    const before = marksOf(old ?? service);
    const { token } = claimant.holder;
    // A dry run makes no claim, so it shows no token but one that is there already.
    const marks = marksFor(choice.given, dryRun && token !== before.token ? undefined : token);
    const patch = patchFor(service, withMarks(service, marks));
    const eips = choice.given.map((one) => one.eip);
    const advice = [
      ...unlikeWarnings(choice.given),
      ...this.#apartWarnings(claimant, choice.given),
      ...sourceRangeWarnings(service, claimant.wants),
      ...newAffinityWarnings(subject, eips, situation),
    ];
    if (old && marks.addresses === before.addresses && !choice.lacking) {
      return { answer: { allowed: true, patch, warnings: advice }, outcome: 'restored' };
    }
    const eip = [...new Set(eips.map(({ name }) => name))].join(',');
    // An entry of a Service that had the name before is about to go.
    const isSelf = (holder: ClaimHolder): boolean => claimant.isSelf(holder) || isOfName(holder, subject.identity);
    this.#log(subject, 'assigned address', { addresses: marks.addresses, eip });
    return {
      answer: {
        allowed: true,
        patch,
        warnings: [
          ...assignedWarnings(choice, {
            taken: situation.ledger,
            withheldFrom: (eip) => situation.withheldFrom(eip),
            isSelf,
            dryRun,
          }),
          ...advice,
        ],
        auditAnnotations: { addresses: marks.addresses ?? '', eip },
      },
      outcome: 'assigned',
    };
  }

  /** Its Eip can't be used as it stands, and so nothing else is chosen: the address stays, and the allocator sees to what the update asks for beside. */
  #pinned(subject: Subject, claimant: ServiceClaimant, { address, claim }: Holding): Reviewed {
    const { service, old } = subject;
    const { situation } = this.#deps;
    const clash = clashAt([address], claimant.wants.ports, situation.situationFor(claimant));
    if (clash) return this.#denied(subject, 'Forbidden', clash.reason, clash.message);
    const warning = `keeps ${formatAddress(address)}: ${situation.troubleOf(claim.spec)}`;
    const patch = patchFor(service, withMarks(service, marksOf(old ?? service)));
    return { answer: { allowed: true, patch, warnings: [warning] }, outcome: 'restored' };
  }

  #pending(subject: Subject, claimant: ServiceClaimant, choice: Exclude<Choice, { kind: 'assigned' }>): Reviewed {
    const { service } = subject;
    // What it holds and never showed may be of another create call for its name.
    const isShown = ({ address }: Given): boolean => claimant.former.some((one) => sameAddress(one, address));
    const keeps = choice.keeps.filter(isShown);
    this.#log(subject, 'address pending', {
      reason: choice.reason,
      why: choice.message,
      ...(keeps.length > 0 && { keeps: keeps.map(({ address }) => formatAddress(address)).join(',') }),
    });
    return {
      answer: {
        allowed: true,
        patch: patchFor(service, withMarks(service, this.#waitingMarks(subject, claimant, keeps))),
        warnings: [
          ...pendingWarnings(choice.message, keeps),
          ...this.#apartWarnings(claimant, keeps),
          ...sourceRangeWarnings(service, claimant.wants),
        ],
        auditAnnotations: { pending: choice.reason },
      },
      outcome: 'pending',
    };
  }

  /** It stays where it is, and those who share the address with it could not join it as it is to be. */
  #apartWarnings(claimant: ServiceClaimant, stays: readonly Given[]): string[] {
    const holdings = claimant.mayFail ? this.#deps.situation.holdingsOf(claimant) : [];
    return holdings.flatMap((holding) => {
      const isHere = stays.some(({ address }) => sameAddress(address, holding.address));
      const apart = isHere && apartAt(claimant.wants, holding);
      return apart ? [`keeps ${formatAddress(holding.address)}: ${apart}`] : [];
    });
  }

  /** What is published stays marked until the allocator takes both away at once: a node that misses the label withdraws the address. */
  #waitingMarks({ old }: Subject, { holder }: ServiceClaimant, keeps: readonly Given[]): Marks {
    const stored = old ? marksOf(old) : NO_MARKS;
    const isPublished = old !== undefined && publishedAddresses(old).length > 0;
    const marks = keeps.length > 0 ? marksFor(keeps, holder.token) : isPublished ? stored : NO_MARKS;
    return { ...marks, waitingSince: stored.waitingSince ?? this.#deps.now().toISOString() };
  }

  #unreadable(subject: Subject, { service, reason, message }: Extract<ServiceDecision, { kind: 'pend' }>): Reviewed {
    this.#log(subject, 'address pending', { reason, why: message });
    return {
      answer: {
        allowed: true,
        patch: patchFor(subject.service, service),
        warnings: pendingWarnings(message, []),
        auditAnnotations: { pending: reason },
      },
      outcome: 'pending',
    };
  }

  #denied(subject: Subject, refusal: Refusal, reason: Reason, message: string): Reviewed {
    this.#log(subject, 'refused Service', { reason, why: message });
    return {
      answer: { allowed: false, refusal, message, auditAnnotations: { refused: reason } },
      outcome: 'denied',
    };
  }

  /** On an UPDATE the marks stay as they were stored: what they say is held still. */
  #deferred(subject: Subject, err: unknown): Reviewed {
    const { service, old } = subject;
    this.#deps.log.warn({ ...fieldsOf(subject), err }, 'left address to the allocator');
    const patch = old ? patchFor(service, withMarks(service, marksOf(old))) : [];
    const why = err instanceof Error ? err.message : String(err);
    const when = admissionRefusalIn(err) ? 'once this is mended' : 'a moment later';
    return {
      answer: { allowed: true, patch, warnings: [`the address is assigned ${when}: ${why}`] },
      outcome: 'deferred',
    };
  }

  /** A dry run changes nothing, so it leaves no line. */
  #log(subject: Subject, message: string, fields: object): void {
    if (!subject.request.dryRun) this.#deps.log.info({ ...fieldsOf(subject), ...fields }, message);
  }
}
