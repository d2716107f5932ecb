/** The addresses that a Service has or would get, by the decision of webhook and allocator on the cluster as read. PURE. */

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
import { choose } from '../../ipam/choice/choose.ts';
import type { World } from '../world.ts';

export interface Decided {
  readonly view: ServiceView;
  /** Absent for a Service that is not Skycap's. */
  readonly assignment?: Assignment;
}

export function decide(world: World, service: Service): Decided {
  const view = viewOf(service, world, world.settings);
  const { parsed, pinned, heldAddresses } = view;
  if (parsed.kind === 'notOurs') return { view };
  const asStored = asStoredIn(world);
  if (parsed.kind === 'invalid') {
    const plain = requestWithoutAddresses(service);
    return plain ? { view, assignment: decideInvalid(parsed.problems, heldAddresses, plain, asStored) } : { view };
  }
  const { addressRequest } = parsed;
  const beyond = remainingRequest(addressRequest, pinned);
  const choice = beyond && choose(beyond, chooseInputFor(view, claimRequestFor(view, beyond, '', 0), world));
  const assignment = decideAssignment({
    addressRequest,
    choice,
    pinned,
    heldAddresses,
    eipProblemOf: (source) => world.eipProblemOf(source),
    asStored,
    whyReserved: (address) => world.whyReserved(address),
  });
  return { view, assignment };
}
