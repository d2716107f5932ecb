/** Warnings for an admitted Service: its address, why it waits, and surprising effects. Pure. */

import { countText } from '../../../lib/api/count.ts';
import type { Eip } from '../../../lib/api/eip/eip.ts';
import { SERVICE_ANNOTATIONS } from '../../../lib/api/keys.ts';
import { quote } from '../../../lib/api/problem.ts';
import type { AddressRequest } from '../../../lib/api/service/address-request.ts';
import type { Service } from '../../../lib/api/service/service.ts';
import type { ClaimHolder } from '../../../lib/api/skycap/claim.ts';
import type { Choice, Given } from '../../../lib/ipam/choice/choose.ts';
import type { Taken } from '../../../lib/ipam/choice/ledger.ts';
import type { Withheld } from '../../../lib/ipam/pools/withheld.ts';
import { type Family, formatAddress } from '../../../lib/net/address.ts';
import { parseRange } from '../../../lib/net/range.ts';

export interface AssignedFacts {
  readonly taken: Pick<Taken, 'claimOf' | 'freeIn'>;
  /** The addresses of an Eip that are never given. @default none */
  readonly withheldFrom?: (eip: Eip) => Withheld;
  /** Tells the holders of this Service. */
  readonly isSelf: (holder: ClaimHolder) => boolean;
  readonly dryRun: boolean;
}

/** A line for each address, e.g. `assigned 198.51.100.7 from Eip web (248 left)`. */
export function assignedWarnings(
  { given, lacking, unknown }: Extract<Choice, { kind: 'assigned' }>,
  facts: AssignedFacts,
): string[] {
  const lines = given.map((one) => `${facts.dryRun ? 'would assign' : 'assigned'} ${assignment(one, facts)}`);
  return [...lines, ...(lacking ? [`pending: ${lacking.message}`] : unknown !== undefined ? [unknown] : [])];
}

/** The Service keeps an address that differs from its unchanged address request. */
export function unlikeWarnings(given: readonly Given[]): string[] {
  return given.flatMap(({ address, unlike }) =>
    unlike === undefined ? [] : [`keeps ${formatAddress(address)}: ${unlike}`],
  );
}

/** @param keeps the addresses that the Service uses meanwhile. */
export function pendingWarnings(message: string, keeps: readonly Given[]): string[] {
  const kept = keeps.map(({ address }) => formatAddress(address)).join(', ');
  return [`pending: ${message}`, ...(kept ? [`keeps ${kept} until then`] : [])];
}

/**
 * kube-proxy applies `loadBalancerSourceRanges` to each family by itself (Kubernetes `pkg/proxy/serviceport.go`), so a family without a
 * range in it is open to everyone.
 */
export function sourceRangeWarnings(service: Service, addressRequest: AddressRequest): string[] {
  const ranges = service.spec?.loadBalancerSourceRanges ?? [];
  const restricted = new Set(ranges.flatMap((text) => familyOfCidr(text) ?? []));
  if (restricted.size === 0) return [];
  return addressRequest.families
    .filter((family) => !restricted.has(family))
    .map(
      (family) =>
        `spec.loadBalancerSourceRanges has no IPv${family} range: the IPv${family} address is open to everyone`,
    );
}

/** As in OpenELB, the annotation takes precedence. */
export function overriddenWarnings({ spec, metadata: { annotations } }: Service): string[] {
  const written = spec?.loadBalancerIP ?? '';
  const key = SERVICE_ANNOTATIONS.address.find((one) => annotations?.[one]);
  if (written === '' || key === undefined || annotations?.[key] === written) return [];
  return [`spec.loadBalancerIP: ${quote(written)} has no effect beside the annotation ${key}; remove one of the two`];
}

/** Each kube-proxy knows only its own clients. On layer 2, one node gets all packets of an address; by BGP, routers distribute the packets among the nodes that announce it. */
export function affinityWarnings(service: Service, eips: readonly Pick<Eip, 'protocol' | 'bgp'>[]): string[] {
  const isSpread = eips.some(({ protocol, bgp }) => protocol === 'bgp' && bgp?.announcers !== 1);
  if (service.spec?.sessionAffinity !== 'ClientIP' || !isSpread) return [];
  return [
    'spec.sessionAffinity: ClientIP holds by BGP only while routers send a client to one node; docs/bgp.md says what to do',
  ];
}

/** The address is shared if its claim has another holder now. */
function assignment({ address, eip, how }: Given, { taken, withheldFrom, isSelf, dryRun }: AssignedFacts): string {
  const free = taken.freeIn(eip.range, withheldFrom?.(eip)) - (dryRun && how === 'free' ? 1n : 0n);
  const isShared = taken.claimOf(address)?.spec.holders.some((holder) => !isSelf(holder)) === true;
  return `${formatAddress(address)} from Eip ${eip.name} (${isShared ? 'shared, ' : ''}${countText(free)} left)`;
}

function familyOfCidr(text: string): Family | undefined {
  const parsed = parseRange(text.trim());
  return parsed.ok ? parsed.range.family : undefined;
}
