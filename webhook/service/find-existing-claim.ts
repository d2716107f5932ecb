/**
 * Finds out what a Service under review holds already. Nearly always the ledger knows; the API server is asked only where the ledger may lag: the
 * other webhook pod answered a moment ago, or a Service of the same name was deleted a moment ago.
 */

import type { AddressRequest } from '../../lib/api/service/address-request.ts';
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
import { managedMetadataOf, markedAddresses } from '../review/managed-metadata.ts';

/** What carries a token as young as this was reviewed already, a moment ago and within the same request. */
const SAME_REQUEST_MS = 3_000;

export interface FindClaimDeps {
  readonly client: KubeClient;
  readonly ledger: Ledger;
  readonly claimer: Claimer<ServiceClaimRequest>;
  readonly now: () => Date;
  readonly newToken: () => string;
}

/**
 * @returns undefined where a Service of this name exists: the API server is going to refuse the creation, and the claims of the living Service must not be
 * touched by it.
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
    // What the manifest says it had, say from a backup: given again if nobody has it.
    former: shown,
    stored: [],
  });

  const isOfThisRequest = ({ since }: ClaimHolder): boolean => now().getTime() - Date.parse(since) < SAME_REQUEST_MS;
  // Called again for one request (reinvocationPolicy), or for a repeated one.
  const { token } = managed;
  if (token !== undefined) {
    const isSelf = holdersOfNew({ ...identity, token });
    const known = (): readonly ClaimHolder[] =>
      ledger.heldByToken(identity.namespace, token).flatMap(({ spec }) => spec.holders.filter(isSelf));
    if (known().length === 0) await readUnknown(shown, deps, signal);
    const entries = known();
    const isSameRequest = entries.every(isOfThisRequest);
    // An older holder under a name may be of a Service that had the name, the annotation of which the manifest has.
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
  // Deleted a moment ago, or never stored: its addresses are taken over, under a new token, by which the lives of a name are told apart.
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

/** Reads the claims of the addresses that the ledger has none for. */
async function readUnknown(addresses: readonly Address[], deps: FindClaimDeps, signal: AbortSignal): Promise<void> {
  const unknown = addresses.filter((address) => deps.ledger.claimOf(address) === undefined);
  await Promise.all(unknown.map((address) => deps.claimer.claims.read(address, signal)));
}

/** Whether there is a Service of this name. */
export async function exists(
  client: KubeClient,
  ref: { namespace: string; name: string },
  signal: AbortSignal,
): Promise<boolean> {
  return (await getOrUndefined(client, SERVICES, ref, signal)) !== undefined;
}

/** The uid is left to the allocator, which has seen the Service stored. */
function withoutUid(identity: Identity): Identity {
  return { ...identity, uid: undefined };
}
