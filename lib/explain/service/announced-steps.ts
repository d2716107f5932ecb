/** The steps from the status to a node: for each address whether it is announced, by which nodes, why not by the others, and what the routers were sent. PURE. */
import { ANNOUNCED_CONDITION } from '../../api/keys.ts';
import { keyOf } from '../../api/meta/object.ts';
import { publishedAddresses } from '../../api/service/published-addresses.ts';
import type { Service } from '../../api/service/service.ts';
import { type Address, sameAddress } from '../../net/address.ts';
import { announcedFindings, type Finding } from '../../reach/decide-announced.ts';
import type { SharingService } from '../../reach/service-reach.ts';
import { failed, ok, type Step, unknown, warning } from '../explanation.ts';
import { nodeLines } from '../node-lines.ts';
import { remedyFor } from '../remedies.ts';
import type { World } from '../world.ts';
import { overridesOf } from './override-trials.ts';
import { routeSteps } from './route-steps.ts';

/** @param isContested another controller takes the addresses out of the status. */
export function announcedSteps(
  world: World,
  service: Service,
  addresses: readonly Address[],
  isContested: boolean,
): Step[] {
  const from = `Service ${keyOf(service)}`;
  const { speakers, eips } = world.read;
  if (speakers.unread || eips.unread) return [storedStep(service, from)];
  return [
    ...findingsFor(world, service, addresses, isContested).flatMap((finding, i) => {
      const address = addresses[i]!;
      const eip = world.eipOf(service, address);
      return [
        findingStep(finding, from, eip ? nodeLines(world, eip) : []),
        ...(eip ? routeSteps(world, eip, address) : []),
      ];
    }),
    ...overrideSteps(world, service, addresses),
  ];
}

function findingsFor(world: World, service: Service, addresses: readonly Address[], isContested: boolean): Finding[] {
  const { announcers } = world;
  const published = publishedAddresses(service);
  return announcedFindings({
    addresses,
    isPublished: (address) => published.some((one) => sameAddress(one, address)),
    ...(isContested && { contestedBy: 'another controller' }),
    eipOf: (address) => world.eipOf(service, address),
    ownerOf: (address) => announcers.ownerOf(address),
    conflictsOf: (address) => announcers.conflictsOf(address),
    reachOf: (eip) => announcers.reachOf(eip),
    sharersOf: (address) => [sharing(world, service, address), ...othersAt(world, service, address)],
  });
}

function othersAt(world: World, service: Service, address: Address): SharingService[] {
  const others = world.publishersOf(address).filter((other) => keyOf(other) !== keyOf(service));
  return others.map((other) => sharing(world, other, address));
}

function sharing(world: World, service: Service, { family }: Address): SharingService {
  return { isLocal: service.spec?.externalTrafficPolicy === 'Local', places: world.placesOf(service, family) };
}

function findingStep({ address, status, reason, text, idle }: Finding, from: string, details: readonly string[]): Step {
  const isFine = status === 'True' && reason === 'Announced';
  const fact = `${address} ${isFine ? 'is announced' : 'is'} ${text}`.replace(' is is ', ' is ');
  const shown = { reason, details, remedy: isFine ? undefined : remedyFor(reason) };
  if (isFine) return idle === undefined ? ok(fact, from, shown) : warning(`${fact}, but ${idle}`, from, shown);
  if (status === 'True') return warning(`${address} is announced ${text}`, from, shown);
  const not = `${address} is not announced ${text}`.replace('is not announced is', 'is');
  return status === 'False' ? failed(reason, not, from, shown) : unknown(not, from, shown);
}

/** Without the right to read Speakers and Eips: what the allocator has written on the Service. */
function storedStep(service: Service, from: string): Step {
  const said = announcedCondition(service);
  if (!said) return unknown(`has no condition ${ANNOUNCED_CONDITION} yet`, from);
  const reason = said.reason as Step['reason'];
  const remedy = reason && said.status !== 'True' ? remedyFor(reason) : undefined;
  const state = said.status === 'True' ? 'ok' : said.status === 'False' ? 'failed' : 'unknown';
  return { state, fact: said.message, from, reason, remedy };
}

export function announcedCondition(service: Service) {
  return service.status?.conditions?.find(({ type }) => type === ANNOUNCED_CONDITION);
}

function overrideSteps(world: World, service: Service, addresses: readonly Address[]): Step[] {
  return overridesOf(world, service, addresses).map(({ reason, message }) =>
    warning(message, `Service ${keyOf(service)}`, { reason, remedy: remedyFor(reason) }),
  );
}
