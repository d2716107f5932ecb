/** The answer to a Service's review once its addresses are chosen: assigned, pending or refused. */

import {
  type ManagedMetadata,
  managedMetadataFor,
  managedMetadataOf,
  NO_MANAGED_METADATA,
  withManagedMetadata,
} from '../../lib/api/service/managed-metadata.ts';
import { publishedAddresses } from '../../lib/api/service/published-addresses.ts';
import type { Service } from '../../lib/api/service/service.ts';
import type { ClaimHolder } from '../../lib/api/skycap/claim.ts';
import { type Choice, clashAt, type Given } from '../../lib/ipam/choice/choose.ts';
import { apartAt, type HeldAddress } from '../../lib/ipam/choice/held-address.ts';
import { formatAddress, sameAddress } from '../../lib/net/address.ts';
import type { ClusterState } from '../cluster/cluster-state.ts';
import type { ServiceClaimRequest } from '../cluster/service-claim-request.ts';
import { patchFor } from '../review/patch.ts';
import { newEipWarnings } from './advice/review-advice.ts';
import { assignedWarnings, pendingWarnings, sourceRangeWarnings, unlikeWarnings } from './advice/service-advice.ts';
import { denied, type ServiceAnswer } from './answers.ts';
import { isOfName, type Subject } from './review-subject.ts';

export interface ChoiceInput {
  readonly subject: Subject;
  readonly claimRequest: ServiceClaimRequest;
  readonly cluster: ClusterState;
  readonly now: Date;
}

type AssignedChoice = Extract<Choice, { kind: 'assigned' }>;

export function answerChoice(choice: Choice, input: ChoiceInput): ServiceAnswer {
  const { old } = input.subject;
  if (choice.kind === 'assigned') return answerAssigned(choice, input);
  // An update of a Service that waits already is not refused.
  const isWaiting = old !== undefined && managedMetadataOf(old).waitingSince !== undefined;
  const isDenied = choice.kind === 'clashes' || (choice.kind === 'refused' && !isWaiting);
  return isDenied ? denied('Forbidden', choice) : answerPending(choice, input);
}

/** The address stays. The allocator handles the rest of the update. */
export function answerPinned({ address, claim }: HeldAddress, input: Omit<ChoiceInput, 'now'>): ServiceAnswer {
  const { subject, claimRequest, cluster } = input;
  const { service, old } = subject;
  const clash = clashAt([address], claimRequest.addressRequest.ports, cluster.chooseInputFor(claimRequest));
  if (clash) return denied('Forbidden', clash);
  const warning = `keeps ${formatAddress(address)}: ${cluster.eipProblemOf(claim.spec)}`;
  const patch = patchFor(service, withManagedMetadata(service, managedMetadataOf(old ?? service)));
  return { answer: { allowed: true, patch, warnings: [warning] }, outcome: 'restored' };
}

function answerAssigned(choice: AssignedChoice, input: ChoiceInput): ServiceAnswer {
  const { subject, claimRequest, cluster } = input;
  const { service, old, request } = subject;
  const before = managedMetadataOf(old ?? service);
  const { token } = claimRequest.holder;
  // A dry run creates no claim, so it shows only a token that is stored already.
  const managed = managedMetadataFor(choice.given, request.dryRun && token !== before.token ? undefined : token);
  const patch = patchFor(service, withManagedMetadata(service, managed));
  const eips = choice.given.map((given) => given.eip);
  const advice = [
    ...unlikeWarnings(choice.given),
    ...apartWarnings(input, choice.given),
    ...sourceRangeWarnings(service, claimRequest.addressRequest),
    ...newEipWarnings(subject, eips, cluster),
  ];
  if (old && managed.addresses === before.addresses && !choice.lacking) {
    return { answer: { allowed: true, patch, warnings: advice }, outcome: 'restored' };
  }
  const eip = [...new Set(eips.map(({ name }) => name))].join(',');
  return {
    answer: {
      allowed: true,
      patch,
      warnings: [...addressWarnings(choice, input), ...advice],
      auditAnnotations: { addresses: managed.addresses ?? '', eip },
    },
    outcome: 'assigned',
    line: { message: 'assigned address', fields: { addresses: managed.addresses, eip } },
  };
}

function addressWarnings(choice: AssignedChoice, { subject, claimRequest, cluster }: ChoiceInput): string[] {
  return assignedWarnings(choice, {
    taken: cluster.ledger,
    withheldFrom: (eip) => cluster.withheldFrom(eip),
    // The allocator is about to release the holder of a deleted Service of this name.
    isSelf: (holder: ClaimHolder) => claimRequest.isSelf(holder) || isOfName(holder, subject.identity),
    dryRun: subject.request.dryRun,
  });
}

function answerPending(choice: Exclude<Choice, { kind: 'assigned' }>, input: ChoiceInput): ServiceAnswer {
  const { subject, claimRequest } = input;
  const { service } = subject;
  // A held address that the Service never showed may belong to another create call for the same name.
  const isShown = ({ address }: Given): boolean => claimRequest.former.some((one) => sameAddress(one, address));
  const keeps = choice.keeps.filter(isShown);
  return {
    answer: {
      allowed: true,
      patch: patchFor(service, withManagedMetadata(service, waitingMetadata(input, keeps))),
      warnings: [
        ...pendingWarnings(choice.message, keeps),
        ...apartWarnings(input, keeps),
        ...sourceRangeWarnings(service, claimRequest.addressRequest),
      ],
      auditAnnotations: { pending: choice.reason },
    },
    outcome: 'pending',
    line: {
      message: 'address pending',
      fields: {
        reason: choice.reason,
        why: choice.message,
        ...(keeps.length > 0 && { keeps: keeps.map(({ address }) => formatAddress(address)).join(',') }),
      },
    },
  };
}

/** The Service keeps a shared address that it could not join as it is to be. */
function apartWarnings({ claimRequest, cluster }: ChoiceInput, stays: readonly Given[]): string[] {
  const heldAddresses = claimRequest.isUnconfirmed ? cluster.heldAddressesOf(claimRequest) : [];
  return heldAddresses.flatMap((heldAddress) => {
    const isHere = stays.some(({ address }) => sameAddress(address, heldAddress.address));
    const apart = isHere && apartAt(claimRequest.addressRequest, heldAddress);
    return apart ? [`keeps ${formatAddress(heldAddress.address)}: ${apart}`] : [];
  });
}

/** A published address stays in the managed metadata until the allocator removes both at once: a speaker withdraws an address without the label. */
function waitingMetadata({ subject, claimRequest, now }: ChoiceInput, keeps: readonly Given[]): ManagedMetadata {
  const stored = subject.old ? managedMetadataOf(subject.old) : NO_MANAGED_METADATA;
  const kept = isPublished(subject.old) ? stored : NO_MANAGED_METADATA;
  const managed = keeps.length > 0 ? managedMetadataFor(keeps, claimRequest.holder.token) : kept;
  return { ...managed, waitingSince: stored.waitingSince ?? now.toISOString() };
}

function isPublished(old: Service | undefined): boolean {
  return old !== undefined && publishedAddresses(old).length > 0;
}
