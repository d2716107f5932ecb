/** The first step: whether the Service is Skycap's, by class, annotation or default, and what it asks for. PURE. */
import { LOAD_BALANCER_CLASS, SERVICE_ANNOTATIONS } from '../../api/keys.ts';
import { keyOf } from '../../api/meta/object.ts';
import { formatProblems } from '../../api/problem.ts';
import type { AddressRequest } from '../../api/service/address-request.ts';
import { reasonOf } from '../../api/service/parse-address-request.ts';
import type { Service } from '../../api/service/service.ts';
import type { ServiceView } from '../../ipam/assignment/service-view.ts';
import { formatAddress } from '../../net/address.ts';
import { failed, ok, type Step, unknown } from '../explanation.ts';

/** @param knowsEips whether the Eips were read: one of them may be the default. */
export function requestStep(
  service: Service,
  { parsed, isLeftAlone, isByDefault }: ServiceView,
  knowsEips: boolean,
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
    const fact = `neither spec.loadBalancerClass nor the annotation ${optIn} asks for Skycap, and no Eip is the default`;
    const remedy = `Set the annotation ${optIn}: openelb, or spec.loadBalancerClass: ${LOAD_BALANCER_CLASS} in a new Service.`;
    if (!knowsEips)
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
  return key ? `the annotation ${key}` : `spec.loadBalancerClass ${spec?.loadBalancerClass ?? ''}`;
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
