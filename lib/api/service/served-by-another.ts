/**
 * Whether another load balancer serves a Service that asks for none in particular: Skycap leaves such a Service alone.
 *
 * Only the status tells, also for a Service that was published before a default Eip existed, or while Skycap was away.
 */
import { type Address, parseAddress } from '../../net/address.ts';
import { BY_DEFAULT_CONDITION } from '../keys.ts';
import type { Service } from './service.ts';

/** @param isOwn an Eip has the address, or Skycap gave it. */
export function isServedByAnother({ status }: Service, isOwn: (address: Address) => boolean): boolean {
  const ingress = status?.loadBalancer?.ingress ?? [];
  const isOurs = (ip = ''): boolean => {
    const address = parseAddress(ip);
    return address !== undefined && isOwn(address);
  };
  return ingress.length > 0 && !ingress.some(({ ip }) => isOurs(ip));
}

/** Skycap's condition says that the Service was left alone in the last reconcile. */
export function isLeftAlone({ status }: Service): boolean {
  return status?.conditions?.some((one) => one.type === BY_DEFAULT_CONDITION && one.status === 'False') === true;
}
