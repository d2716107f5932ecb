/** The published addresses of a Service, from its status. Only the allocator writes it. */
import { type Address, parseAddress } from '../../net/address.ts';
import type { Service } from './service.ts';

/** An entry without an IP address (a host name) is not Skycap's. */
export function publishedAddresses(service: Service): Address[] {
  return (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => parseAddress(ip ?? '') ?? []);
}
