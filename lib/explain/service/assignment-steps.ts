/** The steps from the Eip to the status: the decision about the addresses, their EipClaims, and whether they are published. PURE. */
import { ADDRESS_ASSIGNED_CONDITION } from '../../api/keys.ts';
import { type Condition, keyFor, keyOf } from '../../api/meta/object.ts';
import type { Reason } from '../../api/reasons.ts';
import { publishedAddresses } from '../../api/service/published-addresses.ts';
import type { Service } from '../../api/service/service.ts';
import { claimName } from '../../api/skycap/claim.ts';
import { type Assignment, describe } from '../../ipam/assignment/decide-assignment.ts';
import { type Address, formatAddress, sameAddress } from '../../net/address.ts';
import { failed, ok, type Step, unknown, warning } from '../explanation.ts';
import { remedyFor } from '../remedies.ts';
import type { World } from '../world.ts';

const ALLOCATOR = 'Look at the Deployment skycap-allocator in skycap-system.';

export interface Assigned {
  readonly assignment: Assignment;
  /** That the Service has, or is about to have. */
  readonly addresses: readonly Address[];
  /** Another controller takes entries out of the status. */
  readonly isContested: boolean;
}

export function assignmentSteps(world: World, service: Service, assigned: Assigned): Step[] {
  return [
    eipStep(world, service, assigned.assignment),
    ...claimSteps(world, service, assigned.addresses),
    ...statusSteps(service, assigned),
  ];
}

export function assignedCondition(service: Service): Condition | undefined {
  return service.status?.conditions?.find(({ type }) => type === ADDRESS_ASSIGNED_CONDITION);
}

/** The condition says what the allocator has done. The decision on the objects as they are now may differ: then the allocator has not acted yet. */
function eipStep(world: World, service: Service, assignment: Assignment): Step {
  const said = assignedCondition(service);
  const from = `Service ${keyOf(service)}`;
  if (said?.status === 'False' || (!said && !assignment.hasAddress)) {
    const { reason, message } = said ?? assignment;
    const isOver = assignment.hasAddress && world.read.eipClaims.unread === undefined && reason !== 'WriteRefused';
    const details = isOver ? [nowText(assignment)] : [];
    return failed(reason as Reason, message, from, { ...(details.length > 0 && { details }) });
  }
  if (world.read.eips.unread) {
    return said ? ok(`${said.reason}: ${said.message}`, from) : unknown('the Eips can not be read', from);
  }
  if (!said) {
    const fact = `has no condition ${ADDRESS_ASSIGNED_CONDITION}, so the allocator has not seen it; it would have ${describe(assignment.uses)}`;
    return failed('AddressPending', fact, from, { remedy: ALLOCATOR });
  }
  if (said.reason === 'Assigned') return ok(said.message, from, { reason: 'Assigned' });
  return warning(said.message, from, { reason: said.reason as Reason, remedy: remedyFor(said.reason as Reason) });
}

function nowText({ uses }: Assignment): string {
  return `By the objects as they are now, the Service gets ${describe(uses)}. If it does not: ${ALLOCATOR}`;
}

function claimSteps(world: World, service: Service, addresses: readonly Address[]): Step[] {
  if (world.read.eipClaims.unread) return [];
  return addresses.flatMap((address): Step[] => {
    const name = claimName(address);
    const claim = world.ledger.claimOf(address);
    const from = `EipClaim ${name}`;
    if (!claim) {
      if (!isPublished(service, address)) return [];
      return [
        failed('NotPublished', 'does not exist', from, {
          remedy: `The allocator creates it again. If not: ${ALLOCATOR}`,
        }),
      ];
    }
    const others = claim.spec.holders
      .map(({ namespace, name: holder }) => keyFor(namespace, holder ?? '(not named yet)'))
      .filter((key) => key !== keyOf(service));
    const isHeld = claim.spec.holders.some(world.isHolder(service));
    if (!isHeld) return [warning(`is held by ${others.join(', ')}, and not by this Service yet`, from)];
    return [
      ok(
        others.length > 0 ? `is held by this Service, and shared with ${others.join(', ')}` : 'is held by this Service',
        from,
      ),
    ];
  });
}

function statusSteps(service: Service, { addresses, isContested }: Assigned): Step[] {
  if (addresses.length === 0) return [];
  const from = `Service ${keyOf(service)}`;
  const missing = addresses.filter((address) => !isPublished(service, address));
  if (missing.length > 0) {
    const fact = `status.loadBalancer lacks ${missing.map(formatAddress).join(', ')}`;
    const remedy = isContested ? remedyFor('StatusContested') : ALLOCATOR;
    return [failed('NotPublished', fact, from, { remedy })];
  }
  return [ok(`status.loadBalancer has ${publishedAddresses(service).map(formatAddress).join(', ')}`, from)];
}

export function isPublished(service: Service, address: Address): boolean {
  return publishedAddresses(service).some((one) => sameAddress(one, address));
}
