/** Explains a Service: the walk of a packet from the request to the endpoints, and for a Service without its address the changes that would help. PURE. */
import { keyOf } from '../../api/meta/object.ts';
import { publishedAddresses } from '../../api/service/published-addresses.ts';
import type { Service } from '../../api/service/service.ts';
import { annotatedAddresses } from '../../ipam/claims/service-claims.ts';
import { sameAddress } from '../../net/address.ts';
import { type Explanation, explanationOf, type Step, type Trial } from '../explanation.ts';
import type { World } from '../world.ts';
import { announcedSteps } from './announced-steps.ts';
import { assignedCondition, assignmentSteps } from './assignment-steps.ts';
import { decide } from './decide.ts';
import { endpointSteps } from './endpoint-step.ts';
import { requestStep } from './request-step.ts';
import { type Change, helpfulTrials, tryChange } from './trials.ts';

export interface ExplainServiceOptions {
  /** Given by the user. */
  readonly change?: Change;
  /** The steps on the nodes that no object of Skycap shows. */
  readonly beyond?: readonly Step[];
}

export function explainService(world: World, service: Service, options: ExplainServiceOptions = {}): Explanation {
  const { view, assignment } = decide(world, service);
  const request = requestStep(service, view, {
    knowsEips: world.read.eips.unread === undefined,
    unmarkedServices: world.settings.unmarkedServices,
  });
  const published = publishedAddresses(service);
  const own = annotatedAddresses(service).filter((one) => published.some((other) => sameAddress(one, other)));
  const addresses = own.length > 0 ? own : (assignment?.uses ?? []).map(({ address }) => address);
  const said = assignedCondition(service);
  const hasAddress = addresses.length > 0 && (said?.status === 'True' || assignment?.hasAddress === true);
  const steps = [
    request,
    ...(assignment ? assignmentSteps(world, service, assignment, addresses) : []),
    ...(hasAddress ? announcedSteps(world, service, addresses) : []),
    ...(hasAddress ? endpointSteps(world, service, addresses) : []),
    ...(hasAddress ? (options.beyond ?? []) : []),
  ];
  const trials = trialsFor(world, service, options.change);
  return explanationOf(`Service ${keyOf(service)}`, steps, {
    ...(trials.length > 0 && { trials }),
    unread: world.unread,
  });
}

function trialsFor(world: World, service: Service, change: Change | undefined): Trial[] {
  const { eips, eipClaims } = world.read;
  if (eips.unread || eipClaims.unread) return [];
  if (change) return [tryChange(world, service, change)];
  const { assignment } = decide(world, service);
  const said = assignedCondition(service);
  const lacks = said ? said.status !== 'True' || said.reason === 'KeepsFormerAddress' : !assignment?.hasAddress;
  return assignment && lacks ? helpfulTrials(world, service) : [];
}
