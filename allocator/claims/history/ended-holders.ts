/**
 * Finds the holders that a change of a claim ends, and makes their entries for the history. PURE.
 *
 * The watch shows every end, whichever component or user caused it, and shows it to the standby as well.
 */
import type { Service } from '../../../lib/api/service/service.ts';
import type { ClaimHolder, EipClaim } from '../../../lib/api/skycap/claim.ts';
import { givenAddresses } from '../../../lib/ipam/claims/service-claims.ts';
import { givenReason, type HistoryEntry } from '../../../lib/ipam/history/entry.ts';
import type { Change } from '../../../lib/kube/cache/store.ts';
import { formatAddress } from '../../../lib/net/address.ts';

export interface HolderFacts {
  /** The UID of the Service that was stored with the holder's token, as far as this process has seen. */
  readonly storedUid: (claim: EipClaim, holder: ClaimHolder) => string | undefined;
  /** The stored Service of the name. */
  readonly serviceNamed: (namespace: string, name: string) => Service | undefined;
  readonly nowMs: number;
}

/** Longer than any grace period: a Service that was not seen stored must have been stored before this process started. */
const SURELY_STORED_MS = 2 * 60 * 60_000;

export function endedHolders(change: Change<EipClaim>, facts: HolderFacts): HistoryEntry[] {
  if (change.type === 'added') return [];
  const before = change.type === 'modified' ? change.old : change.object;
  const after = change.type === 'modified' ? change.object.spec.holders : [];
  return before.spec.holders.flatMap((holder) => {
    // A holder without a name is of a Service that published nothing yet.
    if (holder.name === undefined || holder.waiting) return [];
    const uid = holder.uid ?? facts.storedUid(before, holder);
    const service = facts.serviceNamed(holder.namespace, holder.name);
    const isStored = uid !== undefined && service?.metadata.uid === uid;
    if (after.some((next) => continues(holder, uid, next, isStored))) return [];
    return entryFor(before, { ...holder, name: holder.name }, uid, isStored ? service : undefined, facts.nowMs) ?? [];
  });
}

/** Whether `next` is of the same Service as `holder`. */
function continues(holder: ClaimHolder, uid: string | undefined, next: ClaimHolder, isStored: boolean): boolean {
  if (next.namespace !== holder.namespace || (next.name ?? holder.name) !== holder.name) return false;
  if (uid !== undefined && next.uid !== undefined) return next.uid === uid;
  // An update may have removed the token.
  return next.token === holder.token || uid === undefined || isStored;
}

function entryFor(
  { spec: { address, eip } }: EipClaim,
  holder: ClaimHolder & { readonly name: string },
  uid: string | undefined,
  service: Service | undefined,
  nowMs: number,
): HistoryEntry | undefined {
  const { namespace, name, since } = holder;
  const present = service ? givenAddresses(service).map(formatAddress) : [];
  // A user deleted the claim: the Service keeps the address, and the allocator claims it again.
  if (present.includes(address)) return undefined;
  if (uid === undefined && nowMs - Date.parse(since) < SURELY_STORED_MS) return undefined;
  return {
    address,
    eip,
    namespace,
    name,
    ...(uid !== undefined && { uid }),
    from: since,
    to: new Date(nowMs).toISOString(),
    given: givenReason(holder, eip),
    taken: uid === undefined ? 'ClaimExpired' : service ? 'NoLongerUsed' : 'ServiceGone',
    ...(present.length > 0 && { next: present }),
  };
}
