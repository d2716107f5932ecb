/** What a Service's status publishes. Only the allocator writes it; everybody else believes it. */
import { type Address, parseAddress } from '../../net/address.ts';
import type { Service } from './service.ts';

/** What is no IP address (a host name) is not ours. */
export function publishedAddresses(service: Service): Address[] {
  return (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => parseAddress(ip ?? '') ?? []);
}
