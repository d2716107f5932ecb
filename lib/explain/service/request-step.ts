/** The first step: whether the Service is Skycap's, by class, annotation or default, and what it asks for. PURE. */
import { LOAD_BALANCER_CLASS, SERVICE_ANNOTATIONS } from '../../api/keys.ts';
import { keyOf } from '../../api/meta/object.ts';
import { formatProblems } from '../../api/problem.ts';
import type { AddressRequest } from '../../api/service/address-request.ts';
import { reasonOf, type UnmarkedServices } from '../../api/service/parse-address-request.ts';
import type { Service } from '../../api/service/service.ts';
import type { ServiceView } from '../../ipam/assignment/service-view.ts';
import { formatAddress } from '../../net/address.ts';
import { failed, ok, type Step, unknown } from '../explanation.ts';

export interface RequestContext {
  /** Whether the Eips were read: one of them may be the default. */
  readonly knowsEips: boolean;
  readonly unmarkedServices: UnmarkedServices;
}

export function requestStep(
  service: Service,
  { parsed, isLeftAlone, isByDefault }: ServiceView,
  { knowsEips, unmarkedServices }: RequestContext,
): Step {
  const from = `Service ${keyOf(service)}`;
  const [optIn] = SERVICE_ANNOTATIONS.optIn;
  const type = service.spec?.type ?? 'ClusterIP';
  if (type !== 'LoadBalancer') {
    const fact = `is of type ${type}, and only a Service of type LoadBalancer has an address`;
    return failed('NotLoadBalancer', fact, from, { remedy: 'Set spec.type: LoadBalancer.' });
  }
  if (isLeftAlone) {
    return failed(
      'ServedByAnother',
      'another controller has published an address, so Skycap leaves the Service alone',
      from,
    );
  }
  if (parsed.kind === 'notOurs') {
    const why = unmarkedServices === 'never' ? 'SKYCAP_UNMARKED_SERVICES is never' : 'no Eip is the default';
    const fact = `neither spec.loadBalancerClass nor the annotation ${optIn} asks for Skycap, and ${why}`;
    const remedy = `Set the annotation ${optIn}: openelb, or spec.loadBalancerClass: ${LOAD_BALANCER_CLASS} in a new Service.`;
    if (!knowsEips && unmarkedServices !== 'never')
      return unknown('asks for no load balancer, and whether an Eip is the default can not be read', from);
    return { state: 'failed', fact, from, remedy };
  }
  if (parsed.kind === 'invalid') return failed(reasonOf(parsed.problems), formatProblems(parsed.problems), from);
  const wish = wishText(parsed.addressRequest);
  return isByDefault
    ? ok(`is Skycap's because a default Eip exists, and asks for ${wish}`, from, { reason: 'DefaultEip' })
    : ok(`is Skycap's by ${markOf(service)}, and asks for ${wish}`, from);
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
