/** The first steps: whether the Service is Skycap's, by class, annotation or default, what it asks for, and what is wrong with the Eips that it names. PURE. */
import type { Eip } from '../../api/eip/eip.ts';
import { firstOf, LOAD_BALANCER_CLASS, OPT_IN_VALUES, SERVICE_ANNOTATIONS } from '../../api/keys.ts';
import { keyOf, managedFieldsOf } from '../../api/meta/object.ts';
import { formatProblems, quote } from '../../api/problem.ts';
import type { AddressRequest } from '../../api/service/address-request.ts';
import { eipNamesOf, reasonOf } from '../../api/service/parse-address-request.ts';
import type { Service } from '../../api/service/service.ts';
import { writersOf, writersText } from '../../api/service/status-writers.ts';
import type { ServiceView } from '../../ipam/assignment/service-view.ts';
import { isDefaultEip } from '../../ipam/pools/pools.ts';
import { formatAddress } from '../../net/address.ts';
import { failed, ok, type Step, unknown, warning } from '../explanation.ts';
import { remedyFor } from '../remedies.ts';
import type { World } from '../world.ts';
import { leaveText } from './event-steps.ts';

const [OPT_IN] = SERVICE_ANNOTATIONS.optIn;
const OPTING_IN = `set the annotation ${OPT_IN}: ${OPT_IN_VALUES[0]}`;

export function requestStep(world: World, service: Service, { parsed, isLeftAlone, isByDefault }: ServiceView): Step {
  const from = `Service ${keyOf(service)}`;
  const type = service.spec?.type ?? 'ClusterIP';
  if (type !== 'LoadBalancer') {
    const fact = `is of type ${type}, and only a Service of type LoadBalancer has an address`;
    return failed('NotLoadBalancer', fact, from, { remedy: 'Set spec.type: LoadBalancer.' });
  }
  if (isLeftAlone) return leftAloneStep(service, from);
  if (parsed.kind === 'notOurs') return notOursStep(world, service, from);
  if (parsed.kind === 'invalid') return failed(reasonOf(parsed.problems), formatProblems(parsed.problems), from);
  const wish = wishText(parsed.addressRequest);
  if (!isByDefault) return ok(`is Skycap's by ${markOf(service)}, and asks for ${wish}`, from);
  const details = [leaveText(service)];
  return ok(`is Skycap's because ${defaultText(world)}, and asks for ${wish}`, from, { reason: 'DefaultEip', details });
}

/** For each Eip that the Service names and that exists, but can't be used. @param hasAddress of the Service, nevertheless. */
export function namedEipSteps({ parsedEips, eips }: World, service: Service, hasAddress: boolean): Step[] {
  return eipNamesOf(service).flatMap((name): Step[] => {
    const from = `Eip ${name}`;
    const say = hasAddress
      ? (reason: 'Invalid' | 'Overlaps', fact: string) => warning(fact, from, { reason, remedy: remedyFor(reason) })
      : (reason: 'Invalid' | 'Overlaps', fact: string) => failed(reason, fact, from);
    const parsed = parsedEips.get(name);
    if (parsed?.ok === false) return [say('Invalid', formatProblems(parsed.problems))];
    const older = eips.pools.overlapping.get(name);
    return older === undefined ? [] : [say('Overlaps', `overlaps the older Eip ${older}, and gives no address`)];
  });
}

function leftAloneStep(service: Service, from: string): Step {
  const entries = (service.status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname ?? '');
  const writers = writersText(writersOf(managedFieldsOf(service), ['ingress']), false);
  const fact = `asks for no particular load balancer, and ${writers} has published ${entries.join(', ')}, so Skycap leaves the Service alone`;
  return warning(fact, from, { reason: 'ServedByAnother', remedy: remedyFor('ServedByAnother') });
}

/** A Service that another load balancer is asked to serve needs no remedy. */
function notOursStep({ read, settings: { unmarkedServices } }: World, service: Service, from: string): Step {
  const value = firstOf(service.metadata.annotations, SERVICE_ANNOTATIONS.optIn);
  if (value !== undefined) {
    const fact = `is not Skycap's: the annotation ${OPT_IN} is ${quote(value)}`;
    return failedWithout(
      `${fact}, and Skycap serves ${OPT_IN_VALUES.map(quote).join(' and ')}`,
      from,
      `To have Skycap serve the Service: ${OPTING_IN}.`,
    );
  }
  const { loadBalancerClass } = service.spec ?? {};
  if (loadBalancerClass !== undefined) {
    const fact = `is not Skycap's: spec.loadBalancerClass is ${quote(loadBalancerClass)}, and Skycap's is ${LOAD_BALANCER_CLASS}`;
    return failedWithout(fact, from, `Look at that load balancer. To have Skycap serve the Service: ${OPTING_IN}.`);
  }
  if (read.eips.unread && unmarkedServices !== 'never') {
    return unknown('asks for no load balancer, and whether an Eip is the default can not be read', from);
  }
  const why = unmarkedServices === 'never' ? 'SKYCAP_UNMARKED_SERVICES is never' : 'no Eip is the default';
  const fact = `neither spec.loadBalancerClass nor the annotation ${OPT_IN} asks for Skycap, and ${why}`;
  return failedWithout(
    fact,
    from,
    `To have Skycap serve the Service: ${OPTING_IN}. A new Service may have spec.loadBalancerClass: ${LOAD_BALANCER_CLASS} instead.`,
  );
}

/** docs/reasons.md has no reason for it, since Skycap writes nothing on such a Service. */
function failedWithout(fact: string, from: string, remedy: string): Step {
  return { state: 'failed', fact, from, remedy };
}

function defaultText({ eips: { pools } }: World): string {
  const names = [...pools.byName.values()].filter((eip: Eip) => isDefaultEip(eip, pools)).map(({ name }) => name);
  if (names.length === 0) return 'an Eip was the default when the Service got its address';
  return `${names.length === 1 ? 'Eip' : 'Eips'} ${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} the default`;
}

function markOf({ metadata, spec }: Service): string {
  const key = SERVICE_ANNOTATIONS.optIn.find((one) => metadata.annotations?.[one] !== undefined);
  if (key) return `the annotation ${key}`;
  const loadBalancerClass = spec?.loadBalancerClass;
  return loadBalancerClass ? `spec.loadBalancerClass ${loadBalancerClass}` : 'the setting SKYCAP_UNMARKED_SERVICES';
}

function wishText({ eipNames, addresses, protocol, families, sharingKey }: AddressRequest): string {
  const parts = [
    addresses.length > 0
      ? addresses.map(formatAddress).join(', ')
      : `an address of ${families.map((one) => `IPv${one}`).join(' and ')}`,
    ...(eipNames.length > 0 ? [`from Eip ${eipNames.join(', ')}`] : []),
    ...(protocol ? [`by ${protocol}`] : []),
    ...(sharingKey ? [`shared by key ${sharingKey}`] : []),
  ];
  return parts.join(' ');
}
