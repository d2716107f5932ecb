/** The steps from the status to a node: for each address whether it is announced, by which nodes, why not by the others, and what the routers were sent. PURE. */
import { ANNOUNCED_CONDITION } from '../../../api/keys.ts';
import { keyOf } from '../../../api/meta/object.ts';
import { publishedAddresses } from '../../../api/service/published-addresses.ts';
import type { Service } from '../../../api/service/service.ts';
import { type Address, sameAddress } from '../../../net/address.ts';
import { announcedFindings, type Finding } from '../../../reach/decide-announced.ts';
import type { SharingService } from '../../../reach/service-reach.ts';
import { failed, ok, type Step, unknown, warning } from '../../explanation.ts';
import { nodeLines, nodeStandings } from '../../node-lines.ts';
import { remedyFor } from '../../remedies.ts';
import type { World } from '../../world.ts';
import { overridesOf } from '../override-trials.ts';
import { announceRemedy } from './announce-remedy.ts';
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
      if (!eip) return [findingStep(finding, from, { remedy: remedyFor(finding.reason) })];
      const whose = { address, sharers: sharersOf(world, service, address) };
      const nodes = nodeStandings(world, eip, whose);
      if (eip.announcedByCni)
        return [findingStep(finding, from, announceRemedy(finding.reason, { world, service, eip, nodes }))];
      const reason = finding.idle === undefined ? finding.reason : 'NoLocalEndpoints';
      const more = {
        reason,
        ...announceRemedy(reason, { world, service, eip, nodes }),
        details: nodeLines(world, eip, { whose, said: reason }),
      };
      return [findingStep(finding, from, more), ...routeSteps(world, eip, { address, nodes, said: reason })];
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
    sharersOf: (address) => sharersOf(world, service, address),
  });
}

/** The Service, and the others that publish the address. */
function sharersOf(world: World, service: Service, address: Address): [SharingService, ...SharingService[]] {
  const others = world.publishersOf(address).filter((other) => keyOf(other) !== keyOf(service));
  return [sharing(world, service, address), ...others.map((other) => sharing(world, other, address))];
}

function sharing(world: World, service: Service, { family }: Address): SharingService {
  return { isLocal: service.spec?.externalTrafficPolicy === 'Local', places: world.placesOf(service, family) };
}

function findingStep({ address, status, reason, text, idle }: Finding, from: string, more: Partial<Step>): Step {
  const isFine = status === 'True' && reason === 'Announced';
  const shown = { reason, ...more };
  if (status === 'True') {
    const fact = `${address} is announced ${text}`;
    if (!isFine) return warning(fact, from, shown);
    return idle === undefined ? ok(fact, from, shown) : warning(`${fact}, but ${idle}`, from, shown);
  }
  if (status === 'Unknown') return unknown(`${address} ${text}`, from, shown);
  return failed(reason, `${address} is not announced ${text}`.replace('is not announced is', 'is'), from, shown);
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
