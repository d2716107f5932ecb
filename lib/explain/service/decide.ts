/** The decision of webhook and allocator about one Service, on the cluster as read: for `explain` and `simulate`. PURE. */
import { CLAIM_ANNOTATION } from '../../api/keys.ts';
import type { AddressRequest } from '../../api/service/address-request.ts';
import type { Service } from '../../api/service/service.ts';
import { type Assignment, decideAssignment, decideInvalid } from '../../ipam/assignment/decide-assignment.ts';
import {
  asStoredIn,
  chooseInputFor,
  claimRequestFor,
  remainingRequest,
  requestWithoutAddresses,
  type ServiceView,
  viewOf,
} from '../../ipam/assignment/service-view.ts';
import { type Choice, type ChooseInput, choose } from '../../ipam/choice/choose.ts';
import type { ClaimRequest } from '../../ipam/claims/claimer.ts';
import type { AddressWorld } from '../address-world.ts';
import type { World } from '../world.ts';

export interface Decided {
  readonly view: ServiceView;
  /** Absent for a Service that is not Skycap's. */
  readonly assignment?: Assignment;
}

/** The addresses that a Service has or would get. */
export function decide(world: World, service: Service): Decided {
  const view = viewOf(service, world, world.settings);
  const { parsed, heldAddresses } = view;
  if (parsed.kind === 'notOurs') return { view };
  if (parsed.kind === 'addressRequest') {
    const { addressRequest } = parsed;
    const chosen = choiceFor(view, addressRequest, world);
    return { view, assignment: assignmentFor(view, addressRequest, chosen?.choice, world) };
  }
  const plain = requestWithoutAddresses(service);
  if (!plain) return { view };
  return { view, assignment: decideInvalid(parsed.problems, heldAddresses, plain, asStoredIn(world)) };
}

export interface Chosen {
  readonly claimRequest: ClaimRequest;
  readonly choice: Choice;
}

/**
 * @param more of the input, for an update under review.
 * @returns undefined if the addresses of all families are pinned.
 */
export function choiceFor(
  view: ServiceView,
  addressRequest: AddressRequest,
  cluster: AddressWorld,
  more: Pick<ChooseInput, 'portsBefore' | 'asksAsBefore'> & { readonly nowMs?: number } = {},
): Chosen | undefined {
  const beyond = remainingRequest(addressRequest, view.pinned);
  if (!beyond) return undefined;
  const { nowMs = 0, ...rest } = more;
  const claimRequest = claimRequestFor(view, beyond, tokenOf(view.service), nowMs);
  return { claimRequest, choice: choose(beyond, { ...chooseInputFor(view, claimRequest, cluster), ...rest }) };
}

export function assignmentFor(
  { pinned, heldAddresses }: Pick<ServiceView, 'pinned' | 'heldAddresses'>,
  addressRequest: AddressRequest,
  choice: Choice | undefined,
  cluster: AddressWorld,
): Assignment {
  return decideAssignment({
    addressRequest,
    choice,
    pinned,
    heldAddresses,
    eipProblemOf: (source) => cluster.eipProblemOf(source),
    asStored: asStoredIn(cluster),
    whyReserved: (address) => cluster.whyReserved(address),
  });
}

/** A new Service has a token that no other has. */
export function tokenOf({ metadata: { annotations, uid } }: Service): string {
  return annotations?.[CLAIM_ANNOTATION] ?? `simulated-${uid}`;
}
