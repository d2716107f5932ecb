/**
 * The holder of a Service in its claim, as it should be. PURE.
 *
 * Services that would share the address are judged by the claim, and the webhook writes the request of an UPDATE into it before the API server stores the
 * UPDATE. A difference between Service and claim may therefore be an update under way: until `in-flight-updates.ts` decides that the Service's
 * request counts, ports are only added. A port in use is in the claim at any moment.
 */

import { type AddressRequest, askedFor, requests } from '../../api/service/address-request.ts';
import type { Service } from '../../api/service/service.ts';
import { allPorts, type ClaimHolder, portText } from '../../api/skycap/claim.ts';
import type { Address } from '../../net/address.ts';
import type { ServiceIdentity } from './holders-of.ts';

/** The part of a Service's request that is in the claim. */
export type ClaimedRequest = Pick<
  ClaimHolder,
  | 'ports'
  | 'sharingKey'
  | 'sharingNamespaces'
  | 'externalTrafficPolicy'
  | 'selector'
  | 'requested'
  | 'askedFor'
  | 'changing'
>;

/**
 * The holder of a Service that has none yet, without the fields about the address.
 *
 * @param identity with the UID only from the allocator, which has seen the Service stored.
 */
export function newHolder(
  { namespace, name, uid }: Omit<ServiceIdentity, 'token'>,
  addressRequest: AddressRequest,
  token: string,
  nowMs: number,
): ClaimHolder {
  return {
    namespace,
    ...(name !== undefined && { name }),
    ...(uid !== undefined && { uid }),
    token,
    ...requestFrom(addressRequest),
    since: new Date(nowMs).toISOString(),
  };
}

export interface Renewal {
  /** Write name, uid and token of the Service into it. */
  readonly bind: boolean;
  /** The token for the Service (`tokenShown`) and its bound holders: each of several calls for its name had one of its own. */
  readonly token: string;
  /** The request of the Service counts, in all. */
  readonly serviceCounts: boolean;
  /** The new value of `since`, if the Service gets the address anew. */
  readonly since?: string;
}

/** @returns `own` itself if nothing is to be written. */
export function renewedHolder(
  own: ClaimHolder,
  service: Service,
  claimedRequest: ClaimedRequest,
  renewal: Renewal,
): ClaimHolder {
  const { name, uid } = service.metadata;
  const claimed = requestIn(own);
  const next = renewal.serviceCounts
    ? claimedRequest
    : { ...claimed, ports: allPorts(claimed.ports, claimedRequest.ports) };
  const isBound = own.name === name && own.uid === uid;
  const token = (renewal.bind || isBound) && renewal.token !== '' ? renewal.token : own.token;
  const isAnew = renewal.since !== undefined;
  const isBindingDone = isBound || !renewal.bind;
  if (!isAnew && isBindingDone && token === own.token && requestText(next) === requestText(claimed)) return own;
  const { namespace } = own;
  const identity = renewal.bind ? { name, uid } : { name: own.name, uid: own.uid };
  return {
    namespace,
    ...(identity.name !== undefined && { name: identity.name }),
    ...(identity.uid !== undefined && { uid: identity.uid }),
    token,
    ...next,
    ...(renewal.since === undefined ? beginOf(own) : { since: renewal.since }),
  };
}

/** When the Service got the address. */
export function beginOf({ publishedBefore, since }: ClaimHolder): Pick<ClaimHolder, 'publishedBefore' | 'since'> {
  return { ...(publishedBefore && { publishedBefore }), since };
}

/** The request for the claim of this address. */
export function requestOf(addressRequest: AddressRequest, address: Address): ClaimedRequest {
  return { ...requestFrom(addressRequest), ...(requests(addressRequest, address) && { requested: true }) };
}

function requestFrom(addressRequest: AddressRequest): ClaimedRequest {
  const asked = askedFor(addressRequest);
  return {
    ports: addressRequest.ports,
    ...(addressRequest.sharingKey !== undefined && { sharingKey: addressRequest.sharingKey }),
    ...(addressRequest.sharingNamespaces.length > 0 && { sharingNamespaces: addressRequest.sharingNamespaces }),
    externalTrafficPolicy: addressRequest.externalTrafficPolicy,
    selector: addressRequest.selector,
    ...(asked !== undefined && { askedFor: [asked] }),
  };
}

/** The request for the claim of an address that the Service keeps although it asks for another by now. */
export function keptRequest(
  { askedFor: _, ...claimedRequest }: ClaimedRequest,
  { askedFor: asked }: ClaimHolder,
): ClaimedRequest {
  return { ...claimedRequest, ...(asked !== undefined && { askedFor: asked }) };
}

/** The request in a holder. */
export function requestIn({
  ports,
  sharingKey,
  sharingNamespaces,
  externalTrafficPolicy,
  selector,
  requested,
  askedFor: asked,
  changing,
}: ClaimHolder): ClaimedRequest {
  return {
    ports,
    ...(sharingKey !== undefined && { sharingKey }),
    ...(sharingNamespaces && sharingNamespaces.length > 0 && { sharingNamespaces }),
    externalTrafficPolicy,
    selector,
    ...(requested && { requested }),
    ...(asked !== undefined && { askedFor: asked }),
    ...(changing && { changing }),
  };
}

/** The holder with this request in place of its own. */
export function withRequest(own: ClaimHolder, claimedRequest: ClaimedRequest): ClaimHolder {
  const { namespace, name, uid, token } = own;
  return {
    namespace,
    ...(name !== undefined && { name }),
    ...(uid !== undefined && { uid }),
    token,
    ...claimedRequest,
    ...beginOf(own),
  };
}

/** Equal exactly if two requests are, in any order of the ports. */
export function requestText(claimedRequest: ClaimedRequest): string {
  const { ports, ...rest } = claimedRequest;
  const { sharingKey, sharingNamespaces, externalTrafficPolicy, selector, requested, changing } = rest;
  const agreed = [sharingKey, sharingNamespaces, externalTrafficPolicy, selector, requested, rest.askedFor, changing];
  return JSON.stringify([ports.map(portText).sort(), ...agreed]);
}
