/**
 * Finds the claims that a Service under review holds already. The ledger usually has them. The API server is read only if the ledger may lag: the
 * other webhook answered a moment ago, or a Service of the same name was deleted a moment ago.
 */

import type { AddressRequest } from '../../lib/api/service/address-request.ts';
import { managedMetadataOf, markedAddresses } from '../../lib/api/service/managed-metadata.ts';
import { portsOf } from '../../lib/api/service/parse-address-request.ts';
import { publishedAddresses } from '../../lib/api/service/published-addresses.ts';
import type { Service } from '../../lib/api/service/service.ts';
import type { ClaimHolder } from '../../lib/api/skycap/claim.ts';
import type { Ledger } from '../../lib/ipam/choice/ledger.ts';
import type { Claimer } from '../../lib/ipam/claims/claimer.ts';
import { newHolder } from '../../lib/ipam/claims/holder-entry.ts';
import { holdersOf, holdersOfNew } from '../../lib/ipam/claims/holders-of.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { getOrUndefined } from '../../lib/kube/http/get-or-undefined.ts';
import { SERVICES } from '../../lib/kube/resource.ts';
import type { Address } from '../../lib/net/address.ts';
import { claimsHeld, type Identity, type ServiceClaimRequest } from '../cluster/service-claim-request.ts';

/** A holder younger than this was written by the same request. */
const SAME_REQUEST_MS = 3_000;

export interface FindClaimDeps {
  readonly client: KubeClient;
  readonly ledger: Ledger;
  readonly claimer: Claimer<ServiceClaimRequest>;
  readonly now: () => Date;
  readonly newToken: () => string;
}

/**
 * @returns undefined if a Service of this name exists: the API server refuses the creation, and the claims of the existing Service must stay as they are.
 */
export async function findClaimOfNew(
  identity: Identity,
  service: Service,
  addressRequest: AddressRequest,
  deps: FindClaimDeps,
  signal: AbortSignal,
): Promise<ServiceClaimRequest | undefined> {
  const { ledger, newToken, now } = deps;
  const managed = managedMetadataOf(service);
  const shown = markedAddresses(managed);
  const claimRequest = (token: string, isSelf: (holder: ClaimHolder) => boolean): ServiceClaimRequest => ({
    addressRequest,
    holder: newHolder(withoutUid(identity), addressRequest, token, now().getTime()),
    isSelf,
    shown,
    published: [],
    // The addresses in the manifest, for example from a backup, are given again if free.
    former: shown,
    stored: [],
  });

  const isOfThisRequest = ({ since }: ClaimHolder): boolean => now().getTime() - Date.parse(since) < SAME_REQUEST_MS;
  // The API server reviews a request twice (reinvocationPolicy), or the client repeats it.
  const { token } = managed;
  if (token !== undefined) {
    const isSelf = holdersOfNew({ ...identity, token });
    const known = (): readonly ClaimHolder[] =>
      ledger.heldByToken(identity.namespace, token).flatMap(({ spec }) => spec.holders.filter(isSelf));
    if (known().length === 0) await readUnknown(shown, deps, signal);
    const entries = known();
    const isSameRequest = entries.every(isOfThisRequest);
    // An older holder with a name may be of a deleted Service of the name, from which the manifest has the annotation.
    if (entries.length > 0 && (isSameRequest || identity.name === undefined))
      return { ...claimRequest(token, isSelf), stored: isSameRequest ? shown : [] };
  }

  const { namespace, name } = identity;
  const ofThatName = name === undefined ? [] : ledger.heldBy(namespace, name).flatMap(({ spec }) => spec.holders);
  const former = ofThatName.filter((holder) => holder.namespace === namespace && holder.name === name);
  if (name === undefined || former.length === 0) {
    const fresh = newToken();
    return claimRequest(fresh, (holder) => holder.token === fresh && holder.namespace === namespace);
  }
  if (await exists(deps.client, { namespace, name }, signal)) return undefined;
  // The former Service was deleted a moment ago or never stored. Its addresses are taken over under a new token, which tells the Services of one name apart.
  const ownToken = former.find((holder) => holder.uid === undefined && isOfThisRequest(holder))?.token ?? newToken();
  return claimRequest(
    ownToken,
    (holder) => holder.namespace === namespace && (holder.name === name || holder.token === ownToken),
  );
}

export async function findClaimOfStored(
  identity: Identity,
  old: Service,
  addressRequest: AddressRequest,
  deps: FindClaimDeps,
  signal: AbortSignal,
): Promise<ServiceClaimRequest> {
  const { ledger, newToken, now } = deps;
  const managed = managedMetadataOf(old);
  const shown = markedAddresses(managed);
  await readUnknown(shown, deps, signal);
  const isSelf = holdersOf({ ...identity, token: managed.token }, 'isLeft');
  const provisional: ServiceClaimRequest = {
    addressRequest,
    holder: newHolder(withoutUid(identity), addressRequest, managed.token ?? '', now().getTime()),
    isSelf,
    shown,
    published: publishedAddresses(old),
    former: [],
    stored: shown,
  };
  const own = claimsHeld(provisional, ledger).flatMap(({ spec }) => spec.holders.filter(isSelf));
  const token = own[0]?.token ?? managed.token ?? newToken();
  return {
    ...provisional,
    holder: newHolder(withoutUid(identity), addressRequest, token, now().getTime()),
    isUnconfirmed: true,
    portsBefore: portsOf(old),
    former: [...provisional.published, ...shown],
  };
}

/** Reads the claims that the ledger does not have. */
async function readUnknown(addresses: readonly Address[], deps: FindClaimDeps, signal: AbortSignal): Promise<void> {
  const unknown = addresses.filter((address) => deps.ledger.claimOf(address) === undefined);
  await Promise.all(unknown.map((address) => deps.claimer.claims.read(address, signal)));
}

/** Whether a Service of this name is stored. */
export async function exists(
  client: KubeClient,
  ref: { namespace: string; name: string },
  signal: AbortSignal,
): Promise<boolean> {
  return (await getOrUndefined(client, SERVICES, ref, signal)) !== undefined;
}

/** The allocator alone writes UIDs, since it has seen the Service stored. */
function withoutUid(identity: Identity): Identity {
  return { ...identity, uid: undefined };
}
