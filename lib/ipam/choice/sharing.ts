/**
 * May Services have one address together? Consent is needed to JOIN an address, never to STAY at one: a Service that has an address keeps it whatever its
 * sharers do, and is told what is in the way.
 *
 * The rules are MetalLB's, and OpenELB's within a namespace: consent, by the same sharing key (across namespaces each must name the other), or by a request of both for the
 * very address in one namespace; distinct ports; and traffic policies that do not fight: all `Cluster`, or all `Local` in one namespace
 * with one selector, since only then do the same nodes have the endpoints of both.
 */

import { type AddressRequest, requests } from '../../api/service/address-request.ts';
import { type ClaimHolder, type ClaimPort, portText } from '../../api/skycap/claim.ts';
import type { Address } from '../../net/address.ts';

export type SharingCheck = { readonly ok: true } | { readonly ok: false; readonly why: string };

const MOST_NAMED = 3;

/** May a Service with this wish join those who hold the address? */
export function mayShare(
  addressRequest: AddressRequest,
  address: Address,
  others: readonly ClaimHolder[],
): SharingCheck {
  for (const holder of others) {
    const [first] = holder.changing ? [CHANGING] : objections(addressRequest, address, holder);
    if (first) return { ok: false, why: sentence(first, [holder]) };
  }
  return { ok: true };
}

/** Everything that would keep a Service which has the address from joining those who share it with this one, as sentences; undefined where nothing does. */
export function whyApart(
  addressRequest: AddressRequest,
  address: Address,
  others: readonly ClaimHolder[],
): string | undefined {
  const groups = new Map<string, { readonly objection: Objection; readonly holders: ClaimHolder[] }>();
  for (const holder of others) {
    for (const objection of objections(addressRequest, address, holder)) {
      const group = groups.get(objection.many);
      if (group) group.holders.push(holder);
      else groups.set(objection.many, { objection, holders: [holder] });
    }
  }
  const sentences = [...groups.values()].map(({ objection, holders }) => sentence(objection, holders));
  return sentences.length > 0 ? sentences.join('; ') : undefined;
}

/**
 * Which of the ports somebody who holds the address has already, as a sentence. An entry has the ports of before and after an update for some seconds, since that update may
 * fail, so the Service may have given the port up.
 */
export function takenPort(ports: readonly ClaimPort[], others: readonly ClaimHolder[]): string | undefined {
  for (const holder of others) {
    const taken = firstShared(ports, holder);
    if (!taken) continue;
    const remedy = 'choose another port, or try again in a few seconds if that Service has just left it';
    return `Service ${holderName(holder)} holds port ${portText(taken)} of it; ${remedy}`;
  }
  return undefined;
}

/** `namespace/name`, for messages. */
export function holderName(holder: ClaimHolder): string {
  return `${holder.namespace}/${holder.name ?? '(being created)'}`;
}

interface Objection {
  /** Said of one Service. */
  readonly one: string;
  /** Said of several. */
  readonly many: string;
  readonly remedy: string;
}

const CHANGING: Objection = { one: 'is being changed', many: 'are being changed', remedy: 'it is tried again soon' };

/** In the order in which they are best mended. */
function objections(addressRequest: AddressRequest, address: Address, holder: ClaimHolder): Objection[] {
  const isAbroad = addressRequest.namespace !== holder.namespace;
  const found: (Objection | undefined)[] = [];
  if (!isAgreed(addressRequest, address, holder)) {
    found.push({
      one: 'has it',
      many: 'have it',
      remedy: 'give both the same annotation skycap.io/sharing-key to share it',
    });
  }
  if (isAbroad && !nameEachOther(addressRequest, holder)) {
    found.push({
      one: 'is in another namespace',
      many: 'are in other namespaces',
      remedy: "list each other's namespace in skycap.io/sharing-namespaces on both",
    });
  }
  found.push(portIn(addressRequest.ports, holder), policyOf(addressRequest, holder));
  return found.flatMap((one) => one ?? []);
}

/** By the same key; or, within a namespace, by a request of both for the very address, where their keys don't say otherwise. */
function isAgreed(addressRequest: AddressRequest, address: Address, holder: ClaimHolder): boolean {
  if (addressRequest.sharingKey && addressRequest.sharingKey === holder.sharingKey) return true;
  const isSetApart = addressRequest.sharingKey && holder.sharingKey;
  return (
    addressRequest.namespace === holder.namespace &&
    holder.requested === true &&
    requests(addressRequest, address) &&
    !isSetApart
  );
}

function nameEachOther(addressRequest: AddressRequest, holder: ClaimHolder): boolean {
  return (
    addressRequest.sharingNamespaces.includes(holder.namespace) &&
    (holder.sharingNamespaces ?? []).includes(addressRequest.namespace)
  );
}

function portIn(ports: readonly ClaimPort[], holder: ClaimHolder): Objection | undefined {
  const taken = firstShared(ports, holder);
  if (!taken) return undefined;
  const what = `port ${portText(taken)} of it`;
  return { one: `uses ${what}`, many: `use ${what}`, remedy: 'choose another port' };
}

function firstShared(ports: readonly ClaimPort[], holder: ClaimHolder): ClaimPort | undefined {
  return ports.find((port) => holder.ports.some((other) => portText(other) === portText(port)));
}

function policyOf(addressRequest: AddressRequest, holder: ClaimHolder): Objection | undefined {
  const { externalTrafficPolicy } = holder;
  if (addressRequest.externalTrafficPolicy !== externalTrafficPolicy) {
    const what = `externalTrafficPolicy ${externalTrafficPolicy}`;
    return { one: `has ${what}`, many: `have ${what}`, remedy: 'sharers need the same one' };
  }
  const hasSameEndpoints =
    addressRequest.namespace === holder.namespace &&
    addressRequest.selector === holder.selector &&
    addressRequest.selector !== '';
  if (addressRequest.externalTrafficPolicy !== 'Local' || hasSameEndpoints) return undefined;
  const remedy = 'with externalTrafficPolicy Local sharers need one namespace and selector';
  return { one: 'has other endpoints', many: 'have other endpoints', remedy };
}

function sentence({ one, many, remedy }: Objection, holders: readonly ClaimHolder[]): string {
  const [first, ...others] = holders;
  if (first && others.length === 0) return `Service ${holderName(first)} ${one}; ${remedy}`;
  const more = holders.length - MOST_NAMED;
  const names = holders.slice(0, MOST_NAMED).map(holderName).join(', ');
  return `Services ${names}${more > 0 ? ` and ${more} more` : ''} ${many}; ${remedy.replace('both', 'all')}`;
}
