/**
 * Decides whether Services may share an address. A Service needs consent to join an address, and none to stay: it keeps its address whatever the other holders do, with
 * a message about the obstacle.
 *
 * The rules are MetalLB's, and OpenELB's within a namespace. Consent: the same sharing key (across namespaces, each Service must name the other namespace), or in one
 * namespace a request of both Services for the address. Ports must differ. Traffic policies must agree: all `Cluster`, or all `Local` in one namespace with one
 * selector, since only then the same nodes have endpoints of both.
 */

import { type AddressRequest, requests } from '../../api/service/address-request.ts';
import { type ClaimHolder, type ClaimPort, portText } from '../../api/skycap/claim.ts';
import type { Address } from '../../net/address.ts';

export type SharingCheck = { readonly ok: true } | { readonly ok: false; readonly why: string };

const MOST_NAMED = 3;

/** Whether a Service with this request may join the holders of the address. */
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

/** Every obstacle to sharing between a Service and the other holders, as sentences; undefined if there is none. */
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
 * A port that another holder has, as a sentence. For some seconds a holder has the ports before and after an update, since the update may fail, so its Service may have
 * left the port.
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
  /** For one Service. */
  readonly one: string;
  /** For several Services. */
  readonly many: string;
  readonly remedy: string;
}

const CHANGING: Objection = { one: 'is being changed', many: 'are being changed', remedy: 'it is tried again soon' };

/** In the order in which users should fix them. */
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

/** By the same key; or, within a namespace, by a request of both for the address, unless their keys differ. */
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
