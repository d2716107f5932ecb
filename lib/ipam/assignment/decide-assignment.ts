/**
 * Decides the addresses of a Service: the choice of `lib/ipam`, and the addresses that stay whatever is chosen. PURE.
 *
 * The decision has the reason of the condition `skycap.io/AddressAssigned`.
 */

import { formatProblems, type Problem } from '../../api/problem.ts';
import type { Reason } from '../../api/reasons.ts';
import type { AddressRequest } from '../../api/service/address-request.ts';
import { reasonOf } from '../../api/service/parse-address-request.ts';
import type { ClaimHolder } from '../../api/skycap/claim.ts';
import { type Address, type Family, formatAddress, sameAddress } from '../../net/address.ts';
import type { Choice, Given } from '../choice/choose.ts';
import { apartAt, type HeldAddress } from '../choice/held-address.ts';
import { keptAddresses, requestAsHeld } from '../claims/service-claims.ts';
import type { Obstacle } from '../pools/obstacle.ts';
import type { Source } from '../pools/source.ts';

/** An address of the Service, and its Eip. */
export interface Use {
  readonly address: Address;
  readonly eipName: string;
}

export interface Assignment {
  /** In the order of the Service's IP families. The Service has a holder in the claim of each address. */
  readonly uses: readonly Use[];
  /** Whether the condition is `True`. */
  readonly hasAddress: boolean;
  readonly reason: Reason;
  readonly message: string;
  /** `must`: the Service takes an address, or another one, as soon as one is free. `may`: likewise, but its request is fulfilled already. */
  readonly waits: 'no' | 'must' | 'may';
  /** Names of the Eips whose addresses the Service would take. */
  readonly waitsFor: readonly string[];
  /** The request is fulfilled in every family: the status has no other address of Skycap. */
  readonly isComplete: boolean;
  /** Addresses of other Services that the Service has reserved (`exchanges.ts`) and keeps reserved. */
  readonly reserves?: readonly Address[];
}

type AsStored = (holder: ClaimHolder, address: Address) => ClaimHolder;

export interface AssignmentFacts {
  readonly addressRequest: AddressRequest;
  /** The choice for the families that are not pinned. Absent: all are pinned. */
  readonly choice: Choice | undefined;
  readonly pinned: readonly HeldAddress[];
  readonly heldAddresses: readonly HeldAddress[];
  /** See `apartAt`. */
  readonly asStored?: AsStored;
  /** Why no further Service would get an address of the Eip now. */
  readonly whyReserved?: (address: Address) => string | undefined;
  /** The problem with the Eip of a pinned address. */
  readonly eipProblemOf: (source: Source) => Obstacle;
}

export function decideAssignment(facts: AssignmentFacts): Assignment {
  const { addressRequest, choice, pinned } = facts;
  const given = choice?.kind === 'assigned' ? choice.given : [];
  const obstacle = obstacleIn(choice);
  const uses = inOrder(addressRequest.families, [...pinned.map(useOf), ...given.map(useOfGiven)]);
  if (!obstacle) return complete(uses, facts);
  if (addressRequest.need === 'any' && uses.length > 0) return lacking(uses, obstacle, facts);
  return unfulfilled(facts, obstacle);
}

/**
 * For a Service that cannot be read: its addresses stay, and it gets no others until the Service is corrected.
 *
 * @param plain the request without the annotations.
 */
export function decideInvalid(
  problems: readonly Problem[],
  heldAddresses: readonly HeldAddress[],
  plain: AddressRequest,
  asStored?: AsStored,
): Assignment {
  const uses = keptAddresses(heldAddresses).map(useOf);
  const apart = apartIn(uses, { heldAddresses, asStored }, (heldAddress) => requestAsHeld(plain, heldAddress));
  return keeping(uses, { reason: reasonOf(problems), message: sentences(formatProblems(problems), apart) }, 'no');
}

/** Every family has its address. */
function complete(uses: readonly Use[], facts: AssignmentFacts): Assignment {
  return { uses, hasAddress: true, ...having(uses, facts), waits: 'no', waitsFor: [], isComplete: true };
}

/** PreferDualStack with one family missing. An address of that family stays, although the Service requests another one. */
function lacking(uses: readonly Use[], obstacle: Obstacle, facts: AssignmentFacts): Assignment {
  const kept = keptAddresses(facts.heldAddresses).filter(
    ({ address }) => !uses.some((use) => use.address.family === address.family),
  );
  if (kept.length > 0) return waiting([...uses, ...kept.map(useOf)], obstacle, facts);
  const { reason, message } = having(uses, facts);
  const both = `${message}; without the second address for now: ${obstacle.message}`;
  return {
    uses,
    hasAddress: true,
    reason,
    message: both,
    waits: 'may',
    waitsFor: obstacle.waitsFor ?? [],
    isComplete: false,
  };
}

/** The request is fulfilled. An address may be of an Eip with a problem, or shared with Services that the Service could not join now. */
function having(uses: readonly Use[], facts: AssignmentFacts): Pick<Assignment, 'reason' | 'message'> {
  const { pinned, choice, eipProblemOf, addressRequest, whyReserved } = facts;
  const reserved = uses.flatMap(({ address }) => whyReserved?.(address) ?? []);
  const elsewhere = reserved.map((why) => `${why}; request another address, or give that one up there`);
  const together = apartIn(uses, facts, () => addressRequest);
  const apart = sentences(together, ...elsewhere) || undefined;
  const troubles: Obstacle[] = [...pinned.map(({ claim }) => eipProblemOf(claim.spec)), ...unlikeIn(choice)];
  const [first] = troubles;
  if (!first) {
    const unknown = choice?.kind === 'assigned' ? choice.unknown : undefined;
    return apart
      ? { reason: 'KeepsFormerAddress', message: `keeps ${describe(uses)}: ${sentences(apart, unknown)}` }
      : { reason: 'Assigned', message: sentences(describe(uses), unknown) };
  }
  const messages = new Set(troubles.map(({ message }) => message));
  return { reason: first.reason, message: `keeps ${describe(uses)}: ${sentences(...messages, apart)}` };
}

function unlikeIn(choice: Choice | undefined): Obstacle[] {
  const given = choice?.kind === 'assigned' ? choice.given : [];
  return given.flatMap(({ unlike }) =>
    unlike === undefined ? [] : [{ reason: 'KeepsFormerAddress', message: unlike } as const],
  );
}

/** A held address stays, whatever else the Service requests. */
function unfulfilled(facts: AssignmentFacts, obstacle: Obstacle): Assignment {
  return waiting(keptAddresses(facts.heldAddresses).map(useOf), obstacle, facts);
}

function waiting(uses: readonly Use[], obstacle: Obstacle, facts: AssignmentFacts): Assignment {
  const { addressRequest } = facts;
  const kept = inOrder(addressRequest.families, uses);
  const apart = apartIn(kept, facts, () => addressRequest);
  return keeping(kept, { ...obstacle, message: sentences(obstacle.message, apart) }, 'must');
}

/** Why the Services that share these addresses already could not join each other now. */
function apartIn(
  uses: readonly Use[],
  {
    heldAddresses,
    asStored,
  }: { readonly heldAddresses: readonly HeldAddress[]; readonly asStored?: AsStored | undefined },
  wantsAt: (heldAddress: HeldAddress) => AddressRequest,
): string | undefined {
  const shared = heldAddresses.filter(({ address }) => isUsed(uses, address));
  const apart = shared.flatMap((heldAddress) => {
    const why = apartAt(wantsAt(heldAddress), heldAddress, asStored);
    if (why === undefined) return [];
    return uses.length > 1 ? `${formatAddress(heldAddress.address)}: ${why}` : why;
  });
  return apart.length > 0 ? apart.join('; ') : undefined;
}

function sentences(...all: readonly (string | undefined)[]): string {
  return all.filter((one) => one !== undefined).join('; ');
}

function keeping(uses: readonly Use[], obstacle: Obstacle, waits: 'no' | 'must'): Assignment {
  const { reason, message, waitsFor = [] } = obstacle;
  if (uses.length === 0) return { uses, hasAddress: false, reason, message, waits, waitsFor, isComplete: false };
  const kept = `keeps ${describe(uses)}: ${message}`;
  return { uses, hasAddress: true, reason: 'KeepsFormerAddress', message: kept, waits, waitsFor, isComplete: false };
}

/** An Eip can have requests refused that it can't fulfil. A stored Service can only wait. */
function obstacleIn(choice: Choice | undefined): Obstacle | undefined {
  if (!choice) return undefined;
  if (choice.kind === 'assigned') return choice.lacking;
  const { reason, message, waitsFor = [] } = choice;
  return { reason, message, waitsFor };
}

function inOrder(families: readonly Family[], uses: readonly Use[]): Use[] {
  return families.flatMap((family) => uses.find(({ address }) => address.family === family) ?? []);
}

function useOf({ address, eipName }: HeldAddress): Use {
  return { address, eipName };
}

function useOfGiven({ address, eip }: Given): Use {
  return { address, eipName: eip.name };
}

/** `198.51.100.7 from Eip web`; for messages and Events. */
export function describe(uses: readonly Use[]): string {
  return uses.map(({ address, eipName }) => `${formatAddress(address)} from Eip ${eipName}`).join(', ');
}

export function isUsed(uses: readonly Use[], address: Address): boolean {
  return uses.some((use) => sameAddress(use.address, address));
}
