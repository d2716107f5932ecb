/**
 * Warns of an Eip with addresses that Services of another load balancer publish: both load balancers would announce them. The Eip is not refused, since such
 * addresses are reserved (decisions/0019). If the Services cannot be read, there is no warning.
 */
import type { EipObject } from '../../lib/api/eip/eip-types.ts';
import { parseEip } from '../../lib/api/eip/parse-eip.ts';
import { keyOf } from '../../lib/api/meta/object.ts';
import { shortened } from '../../lib/api/problem.ts';
import { isOurs } from '../../lib/api/service/parse-address-request.ts';
import { publishedAddresses } from '../../lib/api/service/published-addresses.ts';
import type { KubeWatcher } from '../../lib/kube/client.ts';
import { formatAddress } from '../../lib/net/address.ts';
import { type AddressRange, rangeContains, sameRange } from '../../lib/net/range.ts';
import type { AdmissionRequest } from '../review/review.ts';
import type { Reviewed } from '../review/reviewed.ts';
import { listLoadBalancers, mayHaveAddress } from './list-services.ts';

const MOST_NAMED = 3;
/** With a default Eip, such a Service is Skycap's. */
const BY_DEFAULT = { unmarkedServices: 'always', defaultEipExists: true } as const;

/** @returns `reviewed`, with a warning if a Service publishes such an address. */
export async function withPublishedElsewhere(
  reviewed: Reviewed,
  { kind, object, oldObject }: AdmissionRequest,
  client: Pick<KubeWatcher, 'list'>,
  signal: AbortSignal,
): Promise<Reviewed> {
  const range = kind === 'Eip' && reviewed.answer.allowed ? rangeOf(object) : undefined;
  const before = rangeOf(oldObject);
  if (!range || (before && sameRange(range, before))) return reviewed;
  const found = await publishedIn(range, client, signal).catch(() => []);
  if (found.length === 0) return reviewed;
  const warning = `spec.address: Services of another load balancer publish ${shortened(found, MOST_NAMED, String).join(', ')}; Skycap gives these to nobody meanwhile`;
  const { answer } = reviewed;
  return { ...reviewed, answer: { ...answer, warnings: [...(answer.warnings ?? []), warning] } };
}

/** `192.0.2.0 (shop/web)`. */
async function publishedIn(
  range: AddressRange,
  client: Pick<KubeWatcher, 'list'>,
  signal: AbortSignal,
): Promise<string[]> {
  const found: string[] = [];
  for await (const service of listLoadBalancers(client, signal)) {
    if (mayHaveAddress(service) || isOurs(service, BY_DEFAULT)) continue;
    const within = publishedAddresses(service).filter((address) => rangeContains(range, address));
    found.push(...within.map((address) => `${formatAddress(address)} (${keyOf(service)})`));
  }
  return found;
}

function rangeOf(object: AdmissionRequest['object']): AddressRange | undefined {
  const parsed = object && parseEip(object as EipObject);
  return parsed?.ok ? parsed.value.range : undefined;
}
