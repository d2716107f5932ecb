/**
 * The answer to a Service's review: decide (`decide-service.ts`), claim (`lib/ipam/claims/claimer.ts`), patch. Whatever fails, the Service is admitted: it is
 * created without its address then, and the allocator gives it one.
 */

import type { Reason } from '../../lib/api/reasons.ts';
import { isOurs, portsOf } from '../../lib/api/service/parse-address-request.ts';
import { publishedAddresses } from '../../lib/api/service/published-addresses.ts';
import type { Service } from '../../lib/api/service/service.ts';
import type { ClaimHolder } from '../../lib/api/skycap/claim.ts';
import { type Choice, clashAt, type Given } from '../../lib/ipam/choice/choose.ts';
import { apartAt, type HeldAddress, pinnedAddresses } from '../../lib/ipam/choice/held-address.ts';
import type { Claimer } from '../../lib/ipam/claims/claimer.ts';
import { holdersOf } from '../../lib/ipam/claims/holders-of.ts';
import { admissionRefusalIn } from '../../lib/kube/http/admission-refusal.ts';
import { NAMESPACES } from '../../lib/kube/resource.ts';
import { formatAddress, sameAddress } from '../../lib/net/address.ts';
import type { Logger } from '../../lib/process/log.ts';
import type { ClusterState } from '../cluster/cluster-state.ts';
import { claimsHeld, type ServiceClaimRequest } from '../cluster/service-claim-request.ts';
import type { UnstoredClaims } from '../cluster/unstored-claims.ts';
import {
  type ManagedMetadata,
  managedMetadataFor,
  managedMetadataOf,
  NO_MANAGED_METADATA,
  withManagedMetadata,
} from '../review/managed-metadata.ts';
import { patchFor } from '../review/patch.ts';
import type { AdmissionRequest, Refusal } from '../review/review.ts';
import type { Reviewed } from '../review/reviewed.ts';
import { decideCreate, decideUpdate, type ServiceDecision } from './decide-service.ts';
import { exists, type FindClaimDeps, findClaimOfNew, findClaimOfStored } from './find-existing-claim.ts';
import { isForUnstored } from './giving-way.ts';
import { releaseLeftPorts } from './left-ports.ts';
import { eipsOf, NOTHING_IS_OURS, newAffinityWarnings, newNearlyOursWarnings } from './review-advice.ts';
import { fieldsOf, isOfName, type Subject, subjectOf } from './review-subject.ts';
import { assignedWarnings, pendingWarnings, sourceRangeWarnings, unlikeWarnings } from './service-advice.ts';

export interface ServiceMutatorDeps extends Omit<FindClaimDeps, 'ledger'> {
  readonly cluster: ClusterState;
  readonly claimer: Claimer<ServiceClaimRequest>;
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
  readonly #findClaimDeps: FindClaimDeps;

  constructor(deps: ServiceMutatorDeps) {
    this.#deps = deps;
    this.#findClaimDeps = { ...deps, ledger: deps.cluster.ledger };
  }

  /** @param signal ends the search for an address; the Service is admitted without one then. */
  async mutate(request: AdmissionRequest, signal: AbortSignal): Promise<Reviewed> {
    const subject = subjectOf(request);
    if (!subject || request.userName === this.#deps.allocatorUser) return UNTOUCHED;
    const reviewed = await this.#review(subject, signal);
    const advice = newNearlyOursWarnings(subject, this.#deps.cluster);
    if (advice.length === 0) return reviewed;
    const { answer } = reviewed;
    return { ...reviewed, answer: { ...answer, warnings: [...(answer.warnings ?? []), ...advice] } };
  }

  async #review(subject: Subject, signal: AbortSignal): Promise<Reviewed> {
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
    const { ledger } = this.#deps.cluster;
    const isSelf = holdersOf({ ...identity, token: old && managedMetadataOf(old).token }, 'isLeft');
    const clash =
      old &&
      decision.warnings.length > 0 &&
      clashAt(publishedAddresses(old), portsOf(service), { taken: ledger, isSelf, portsBefore: portsOf(old) });
    if (clash) return this.#denied(subject, 'Forbidden', clash.reason, clash.message);
    const patch = patchFor(service, decision.service);
    const warnings = [
      ...decision.warnings,
      ...(old ? newAffinityWarnings(subject, eipsOf(old, this.#deps.cluster), this.#deps.cluster) : []),
    ];
    return { answer: { allowed: true, patch, warnings }, outcome: 'restored' };
  }

  async #assign(
    subject: Subject,
    { addressRequest, asksAsBefore = false }: Extract<ServiceDecision, { kind: 'assign' }>,
    signal: AbortSignal,
  ): Promise<Reviewed> {
    const { claimer } = this.#deps;
    const { identity, service, old, request } = subject;
    try {
      await this.#learnNamespace(identity.namespace, signal);
      const claimRequest = old
        ? { ...(await findClaimOfStored(identity, old, addressRequest, this.#findClaimDeps, signal)), asksAsBefore }
        : await findClaimOfNew(identity, service, addressRequest, this.#findClaimDeps, signal);
      if (!claimRequest) return UNTOUCHED;
      const [pinned] = old ? pinnedAddresses(addressRequest, this.#held(old, claimRequest)) : [];
      if (old && pinned) return this.#pinned(subject, claimRequest, pinned);
      const choice =
        this.#unstored(claimRequest) ??
        (request.dryRun ? claimer.preview(claimRequest) : await this.#chosen(claimRequest, signal));
      return this.#answerFor(subject, claimRequest, await this.#orPending(subject, claimRequest, choice, signal));
    } catch (err) {
      return this.#deferred(subject, err);
    }
  }

  async #chosen(claimRequest: ServiceClaimRequest, signal: AbortSignal): Promise<Choice> {
    const { claimer, client, cluster } = this.#deps;
    for (let round = 1; ; round++) {
      const choice = await claimer.assign(claimRequest, signal);
      if (choice.kind !== 'clashes' || round === MOST_ROUNDS) return choice;
      if (!(await releaseLeftPorts(claimRequest, { claims: claimer.claims, client, ledger: cluster.ledger }, signal)))
        return choice;
    }
  }

  #held(old: Service, claimRequest: ServiceClaimRequest): HeldAddress[] {
    const { cluster } = this.#deps;
    return [...cluster.heldAddressesOf(claimRequest), ...cluster.lostAddressesOf(old, claimRequest)];
  }

  /** A namespace whose creations are refused after admission waits for one to be stored, rather than to hold still another address. */
  #unstored(claimRequest: ServiceClaimRequest): Choice | undefined {
    const { claimer, cluster, unstored } = this.#deps;
    const { namespace } = claimRequest.addressRequest;
    const count = unstored.tooMany(namespace);
    if (count === undefined || claimsHeld(claimRequest, cluster.ledger).length > 0) return undefined;
    if (claimer.preview(claimRequest).kind !== 'assigned') return undefined;
    const message = `creations in namespace ${namespace} were refused of late after they had got an address, and it holds ${count} for such; this Service gets its address when it is stored`;
    return { kind: 'pending', keeps: [], reason: 'CreationsRefused', message };
  }

  /** A creation is not refused for the sake of others that were never stored. */
  async #orPending(
    { old }: Subject,
    claimRequest: ServiceClaimRequest,
    choice: Choice,
    signal: AbortSignal,
  ): Promise<Choice> {
    if (old || choice.kind !== 'refused') return choice;
    const { cluster, client, now } = this.#deps;
    const isAvailable = await isForUnstored({
      addressRequest: claimRequest.addressRequest,
      chooseInput: cluster.chooseInputFor(claimRequest),
      claims: cluster.ledger.claims(),
      nowMs: now().getTime(),
      // A holder without a name gets it as soon as its Service is stored.
      isThere: async ({ namespace, name }) => name !== undefined && exists(client, { namespace, name }, signal),
    });
    if (!isAvailable) return choice;
    const message = `${choice.message}; creations that were not stored give their addresses to this Service once it is stored`;
    return { ...choice, kind: 'pending', message };
  }

  /** A namespace made a moment before its first Service: an Eip may select it by its labels, so they are asked for. */
  async #learnNamespace(name: string, signal: AbortSignal): Promise<void> {
    const { cluster, client } = this.#deps;
    if (!cluster.lacksNamespace(name)) return;
    cluster.learnNamespace(await client.get(NAMESPACES, { name }, { signal }));
  }

  #answerFor(subject: Subject, claimRequest: ServiceClaimRequest, choice: Choice): Reviewed {
    const { old } = subject;
    // One that waits already is not worse off for what it asks now.
    const isWaiting = old !== undefined && managedMetadataOf(old).waitingSince !== undefined;
    if (choice.kind === 'clashes' || (choice.kind === 'refused' && !isWaiting))
      return this.#denied(subject, 'Forbidden', choice.reason, choice.message);
    return choice.kind === 'assigned'
      ? this.#assigned(subject, claimRequest, choice)
      : this.#pending(subject, claimRequest, choice);
  }

  #assigned(
    subject: Subject,
    claimRequest: ServiceClaimRequest,
    choice: Extract<Choice, { kind: 'assigned' }>,
  ): Reviewed {
    const { service, old, request } = subject;
    const { dryRun } = request;
    const { cluster } = this.#deps;
    const before = managedMetadataOf(old ?? service);
    const { token } = claimRequest.holder;
    // A dry run makes no claim, so it shows no token but one that is there already.
    const managed = managedMetadataFor(choice.given, dryRun && token !== before.token ? undefined : token);
    const patch = patchFor(service, withManagedMetadata(service, managed));
    const eips = choice.given.map((one) => one.eip);
    const advice = [
      ...unlikeWarnings(choice.given),
      ...this.#apartWarnings(claimRequest, choice.given),
      ...sourceRangeWarnings(service, claimRequest.addressRequest),
      ...newAffinityWarnings(subject, eips, cluster),
    ];
    if (old && managed.addresses === before.addresses && !choice.lacking) {
      return { answer: { allowed: true, patch, warnings: advice }, outcome: 'restored' };
    }
    const eip = [...new Set(eips.map(({ name }) => name))].join(',');
    // An entry of a Service that had the name before is about to go.
    const isSelf = (holder: ClaimHolder): boolean => claimRequest.isSelf(holder) || isOfName(holder, subject.identity);
    this.#log(subject, 'assigned address', { addresses: managed.addresses, eip });
    return {
      answer: {
        allowed: true,
        patch,
        warnings: [
          ...assignedWarnings(choice, {
            taken: cluster.ledger,
            withheldFrom: (eip) => cluster.withheldFrom(eip),
            isSelf,
            dryRun,
          }),
          ...advice,
        ],
        auditAnnotations: { addresses: managed.addresses ?? '', eip },
      },
      outcome: 'assigned',
    };
  }

  /** Its Eip can't be used as it stands, and so nothing else is chosen: the address stays, and the allocator sees to what the update asks for beside. */
  #pinned(subject: Subject, claimRequest: ServiceClaimRequest, { address, claim }: HeldAddress): Reviewed {
    const { service, old } = subject;
    const { cluster } = this.#deps;
    const clash = clashAt([address], claimRequest.addressRequest.ports, cluster.chooseInputFor(claimRequest));
    if (clash) return this.#denied(subject, 'Forbidden', clash.reason, clash.message);
    const warning = `keeps ${formatAddress(address)}: ${cluster.eipProblemOf(claim.spec)}`;
    const patch = patchFor(service, withManagedMetadata(service, managedMetadataOf(old ?? service)));
    return { answer: { allowed: true, patch, warnings: [warning] }, outcome: 'restored' };
  }

  #pending(
    subject: Subject,
    claimRequest: ServiceClaimRequest,
    choice: Exclude<Choice, { kind: 'assigned' }>,
  ): Reviewed {
    const { service } = subject;
    // What it holds and never showed may be of another create call for its name.
    const isShown = ({ address }: Given): boolean => claimRequest.former.some((one) => sameAddress(one, address));
    const keeps = choice.keeps.filter(isShown);
    this.#log(subject, 'address pending', {
      reason: choice.reason,
      why: choice.message,
      ...(keeps.length > 0 && { keeps: keeps.map(({ address }) => formatAddress(address)).join(',') }),
    });
    return {
      answer: {
        allowed: true,
        patch: patchFor(service, withManagedMetadata(service, this.#waitingMarks(subject, claimRequest, keeps))),
        warnings: [
          ...pendingWarnings(choice.message, keeps),
          ...this.#apartWarnings(claimRequest, keeps),
          ...sourceRangeWarnings(service, claimRequest.addressRequest),
        ],
        auditAnnotations: { pending: choice.reason },
      },
      outcome: 'pending',
    };
  }

  /** It stays where it is, and those who share the address with it could not join it as it is to be. */
  #apartWarnings(claimRequest: ServiceClaimRequest, stays: readonly Given[]): string[] {
    const heldAddresses = claimRequest.isUnconfirmed ? this.#deps.cluster.heldAddressesOf(claimRequest) : [];
    return heldAddresses.flatMap((heldAddress) => {
      const isHere = stays.some(({ address }) => sameAddress(address, heldAddress.address));
      const apart = isHere && apartAt(claimRequest.addressRequest, heldAddress);
      return apart ? [`keeps ${formatAddress(heldAddress.address)}: ${apart}`] : [];
    });
  }

  /** What is published stays marked until the allocator takes both away at once: a node that misses the label withdraws the address. */
  #waitingMarks({ old }: Subject, { holder }: ServiceClaimRequest, keeps: readonly Given[]): ManagedMetadata {
    const stored = old ? managedMetadataOf(old) : NO_MANAGED_METADATA;
    const isPublished = old !== undefined && publishedAddresses(old).length > 0;
    const managed =
      keeps.length > 0 ? managedMetadataFor(keeps, holder.token) : isPublished ? stored : NO_MANAGED_METADATA;
    return { ...managed, waitingSince: stored.waitingSince ?? this.#deps.now().toISOString() };
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
    const patch = old ? patchFor(service, withManagedMetadata(service, managedMetadataOf(old))) : [];
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
