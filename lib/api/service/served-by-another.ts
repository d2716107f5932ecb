/**
 * Whether another load balancer serves a Service that asks for none in particular: such a Service is left alone.
 *
 * Its status tells, and nothing else does: what was published before a default Eip came into being, or while Skycap was away, is told the same way.
 */
import { type Address, parseAddress } from '../../net/address.ts';
import { BY_DEFAULT_CONDITION } from '../keys.ts';
import type { Service } from './service.ts';

/** @param isOwn an Eip has the address, or it was given by us. */
export function isServedByAnother({ status }: Service, isOwn: (address: Address) => boolean): boolean {
  const ingress = status?.loadBalancer?.ingress ?? [];
  const isOurs = (ip = ''): boolean => {
    const address = parseAddress(ip);
    return address !== undefined && isOwn(address);
  };
  return ingress.length > 0 && !ingress.some(({ ip }) => isOurs(ip));
}

/** Our condition says that it was left alone, when it was last looked at. */
export function isLeftAlone({ status }: Service): boolean {
  return status?.conditions?.some((one) => one.type === BY_DEFAULT_CONDITION && one.status === 'False') === true;
}
