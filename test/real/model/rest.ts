/**
 * What must hold when nothing happens any more, as sentences about what does not. It is told in terms of the API's objects and worked out anew, not by the
 * code that it judges. Pure.
 */

import type { EipObject } from '../../../lib/api/eip/eip-types.ts';
import { keyOf } from '../../../lib/api/meta/object.ts';
import type { Service } from '../../../lib/api/service/service.ts';
import type { ClaimHolder, EipClaim } from '../../../lib/api/skycap/claim.ts';
import { parseAddress } from '../../../lib/net/address.ts';
import { type AddressRange, parseRange, rangeContains, rangeSize, rangesOverlap } from '../../../lib/net/range.ts';
import { addressesIn, conditionOf, disagreementsIn, isHolderOf, portsOf } from './agreement.ts';

export interface AtRest {
  readonly services: readonly Service[];
  readonly claims: readonly EipClaim[];
  readonly eips: readonly EipObject[];
  readonly nowMs: number;
  readonly graceMs: number;
  /** `namespace/name token` of marks that were written by hand. */
  readonly handMarked: ReadonlySet<string>;
  /** Addresses whose claim was deleted by hand. */
  readonly unclaimed: ReadonlySet<string>;
}

const OPT_IN = 'lb.kubesphere.io/v1alpha1';
const EIP = 'eip.openelb.kubesphere.io/v1alpha2';
const REQUESTED = 'eip.openelb.kubesphere.io/v1alpha1';
const OWN_ANNOTATIONS = ['skycap.io/addresses', 'skycap.io/claim', 'skycap.io/waiting-since'];

export function problemsAtRest(state: AtRest): string[] {
  return [
    ...state.services.flatMap((service) => (isOurs(service) ? ofOurs(service, state) : ofForeign(service, state))),
    ...sharedPorts(state.services),
    ...state.claims.flatMap((claim) => untoldIn(claim, state)),
    ...state.claims.flatMap((claim) => claim.spec.holders.flatMap((holder) => ofHolder(claim, holder, state))),
  ];
}

/** The account of each Eip, from the claims. It is written at a measured pace, so it is asked for at the end alone. */
export function problemsOfAccounts({ eips, claims }: AtRest): string[] {
  const ranges = rangesOf(eips);
  if (!ranges) return [];
  return eips.flatMap(({ metadata: { name = '' }, status }) => {
    const range = ranges.get(name);
    // A claim that no Eip contains counts to the one that gave it.
    const counted = claims.filter(({ spec }) =>
      isInAny(spec.address, eips) ? isIn(range, spec.address) : spec.eip === name && isSourceThere(spec, eips),
    );
    const used = counted.map(({ spec }) => spec.address).sort();
    const told = Object.keys(status?.used ?? {}).sort();
    const isRight = used.join() === told.join() && status?.usage === used.length;
    return isRight ? [] : [`Eip ${name} says that ${status?.usage} are used: ${told}; there are claims of ${used}`];
  });
}

export function isOurs({ metadata, spec }: Service): boolean {
  if (spec?.type !== 'LoadBalancer') return false;
  const optIn = metadata.annotations?.[OPT_IN];
  return optIn === undefined ? spec.loadBalancerClass === 'skycap.io/lb' : optIn === 'openelb';
}

/** Ranges of the Eips that can be read, by name; none where two overlap, since then it is a matter of age. */
export function rangesOf(eips: readonly EipObject[]): ReadonlyMap<string, AddressRange> | undefined {
  const ranges = new Map<string, AddressRange>();
  for (const { metadata, spec } of eips) {
    const parsed = parseRange(spec?.address ?? '');
    if (!parsed.ok) continue;
    if ([...ranges.values()].some((other) => rangesOverlap(other, parsed.range))) return undefined;
    ranges.set(metadata.name ?? '', parsed.range);
  }
  return ranges;
}

export function isIn(range: AddressRange | undefined, text: string): boolean {
  const address = parseAddress(text);
  return range !== undefined && address !== undefined && rangeContains(range, address);
}

function ofOurs(service: Service, state: AtRest): string[] {
  const key = keyOf(service);
  const { annotations = {}, labels = {} } = service.metadata;
  const published = addressesIn(service);
  if (published.some((address) => isAbandoned(address, state))) return [];
  const condition = conditionOf(service);
  const problems: string[] = [];
  const must = (holds: boolean, text: string): void => void (holds || problems.push(`${key} ${text}`));
  if (!condition) return [`${key} has no condition yet`];
  must(
    (condition.status === 'True') === published.length > 0,
    `publishes ${published} with ${condition.status} ${condition.reason}`,
  );
  const annotated = annotations['skycap.io/addresses'];
  must(annotated === (published.join() || undefined), `is annotated ${annotated} and publishes ${published}`);
  const entries = published.map((address) => {
    const claim = state.claims.find(({ spec }) => spec.address === address);
    return { address, claim, own: claim?.spec.holders.find((holder) => isHolderOf(service, holder)) };
  });
  for (const { address, claim, own } of entries) {
    must(
      own !== undefined,
      `publishes ${address} without being a holder of its claim: ${JSON.stringify(claim?.spec.holders)}`,
    );
    if (!own) continue;
    const { name, ports, token } = own;
    must(name === service.metadata.name, `has a claim of ${address} under the name ${name}`);
    // There may be more for as long as an update might still be under way.
    const claimed = ports.map(({ port, protocol }) => `${port}/${protocol}`);
    must(
      portsOf(service).every((port) => claimed.includes(port)),
      `has claimed ${address} with ports ${claimed}`,
    );
    must(
      token === annotations['skycap.io/claim'],
      `has the token ${annotations['skycap.io/claim']}, its claim of ${address} ${token}`,
    );
  }
  const [first] = entries;
  if (first?.claim) must(labels[EIP] !== undefined, 'has no label of an Eip');
  else must(published.length > 0 || labels[EIP] === undefined, `has the label of Eip ${labels[EIP]} and no address`);
  if (condition.reason === 'Assigned') problems.push(...unfulfilled(service, state));
  if (condition.reason === 'EipFull') problems.push(...notFull(service, state));
  return problems;
}

function isInAny(address: string, eips: readonly EipObject[]): boolean {
  return [...(rangesOf(eips)?.values() ?? [])].some((range) => isIn(range, address));
}

/** One that was made again under the same name is another. */
function isSourceThere({ eip, eipUid }: EipClaim['spec'], eips: readonly EipObject[]): boolean {
  return eips.some(({ metadata: { name, uid } }) => name === eip && (eipUid === undefined || uid === eipUid));
}

/** Nobody can claim again what no Eip has. It stays published: there is nobody else to have it. */
function isAbandoned(address: string, { claims, eips, unclaimed }: AtRest): boolean {
  if (!unclaimed.has(address) || claims.some(({ spec }) => spec.address === address)) return false;
  return !isInAny(address, eips);
}

/** Which of its wishes the Service has not got, though it is said to have all. */
function unfulfilled(service: Service, { eips }: AtRest): string[] {
  const key = keyOf(service);
  const published = addressesIn(service);
  const { annotations = {} } = service.metadata;
  const { ipFamilies = ['IPv4'], ipFamilyPolicy } = service.spec ?? {};
  const families = published.map((address) => (address.includes(':') ? 'IPv6' : 'IPv4'));
  const expected = ipFamilyPolicy === 'PreferDualStack' ? published.length > 0 : families.join() === ipFamilies.join();
  if (!expected) return [`${key} is Assigned with ${published} for ${ipFamilies}`];
  const requested = annotations[REQUESTED];
  // With PreferDualStack a family may be missing; the one that is there is as requested.
  const hasFamily = requested !== undefined && families.includes(requested.includes(':') ? 'IPv6' : 'IPv4');
  if (hasFamily && !published.includes(requested)) return [`${key} is Assigned with ${published}, not ${requested}`];
  const ranges = rangesOf(eips);
  const named = annotations[EIP]?.split(',') ?? [];
  // What an Eip gave stays while it can't be read.
  if (named.length === 0 || !ranges || eips.some(({ metadata: { name = '' } }) => !ranges.has(name))) return [];
  const outside = published.filter((address) => !named.some((name) => isIn(ranges.get(name), address)));
  return outside.length > 0 ? [`${key} is Assigned with ${outside}, which ${named} has not`] : [];
}

/** Addresses that a Service could have which waits since there is none. */
function notFull(service: Service, { eips, claims }: AtRest): string[] {
  const ranges = rangesOf(eips);
  const named = service.metadata.annotations?.[EIP]?.split(',');
  const families = service.spec?.ipFamilies ?? ['IPv4'];
  if (!ranges || families.length > 1) return [];
  const usable = eips.filter(({ metadata, spec }) => !spec?.disable && (!named || named.includes(metadata.name ?? '')));
  return usable.flatMap(({ metadata: { name = '' } }) => {
    const range = ranges.get(name);
    if (!range || (range.family === 6) !== families.includes('IPv6')) return [];
    const free = rangeSize(range) - BigInt(claims.filter(({ spec }) => isIn(range, spec.address)).length);
    return free > 0n ? [`${keyOf(service)} waits for an address, and Eip ${name} has ${free}`] : [];
  });
}

/**
 * Marks that are written by hand while no webhook answers stay on a Service that is no load balancer: nobody watches those. So does the mark of who waited, where
 * neither a webhook nor a leader saw it leave.
 */
function ofForeign(service: Service, { handMarked }: AtRest): string[] {
  const { annotations = {}, labels = {} } = service.metadata;
  const isWatched = service.spec?.type === 'LoadBalancer';
  if (!isWatched && handMarked.has(`${keyOf(service)} ${annotations['skycap.io/claim']}`)) return [];
  const watched = isWatched ? OWN_ANNOTATIONS : OWN_ANNOTATIONS.filter((key) => key !== 'skycap.io/waiting-since');
  const managedMetadata = watched.filter((key) => annotations[key] !== undefined);
  const left = [
    ...addressesIn(service),
    ...managedMetadata,
    ...(labels[EIP] ? [EIP] : []),
    ...(conditionOf(service) ? ['condition'] : []),
  ];
  return left.length > 0 ? [`${keyOf(service)} is not ours and has ${left.join()}`] : [];
}

/** Those who have an address together and could not join each other say so. */
function untoldIn({ spec }: EipClaim, { services }: AtRest): string[] {
  const publisherOf = (holder: ClaimHolder): Service | undefined =>
    services.find((one) => isHolderOf(one, holder) && addressesIn(one).includes(spec.address));
  return disagreementsIn(spec.holders.filter(publisherOf)).flatMap(({ between, why }) =>
    between.flatMap((holder) => {
      const service = publisherOf(holder);
      const isUntold = service && reasonOf(service) === 'Assigned';
      return isUntold ? [`${keyOf(service)} is Assigned with ${spec.address}, though ${why}`] : [];
    }),
  );
}

function reasonOf(service: Service | undefined): string | undefined {
  return service && conditionOf(service)?.reason;
}

/** Both may have the address since before one took the port, and say so. */
function sharedPorts(services: readonly Service[]): string[] {
  const holders = new Map<string, Service>();
  return services.flatMap((service) =>
    addressesIn(service).flatMap((address) =>
      portsOf(service).flatMap((port) => {
        const other = holders.get(`${address} ${port}`);
        holders.set(`${address} ${port}`, service);
        if (!other || [service, other].every((one) => reasonOf(one) === 'KeepsFormerAddress')) return [];
        return [`${address} port ${port} is published by ${keyOf(other)} and ${keyOf(service)}`];
      }),
    ),
  );
}

/** An entry belongs to a Service that publishes the address, or is young. */
function ofHolder(claim: EipClaim, holder: ClaimHolder, { services, nowMs, graceMs }: AtRest): string[] {
  const what = `claim ${claim.spec.address} of ${holder.namespace}/${holder.name ?? '?'} ${holder.uid ?? '(unbound)'}`;
  const service = services.find((one) => isHolderOf(one, holder));
  if (service && (holder.uid !== undefined || addressesIn(service).includes(claim.spec.address))) {
    const isUsed = addressesIn(service).includes(claim.spec.address);
    return isUsed ? [] : [`${what} is not published`];
  }
  if (holder.uid !== undefined) return [`${what} has no Service`];
  return nowMs - Date.parse(holder.since) < graceMs * 2 ? [] : [`${what} has outlived the grace period`];
}
