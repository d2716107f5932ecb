/** Carries out the plan of `plan-claim-changes.ts` for the claims of a stored Service. */

import type { AddressRequest } from '../../lib/api/service/address-request.ts';
import { claimName } from '../../lib/api/skycap/claim.ts';
import type { Assignment } from '../../lib/ipam/assignment/decide-assignment.ts';
import { requestWithoutAddresses, type ServiceView } from '../../lib/ipam/assignment/service-view.ts';
import type { HeldAddress } from '../../lib/ipam/choice/held-address.ts';
import {
  type ClaimedRequest,
  keptRequest,
  requestIn,
  requestOf,
  requestText,
} from '../../lib/ipam/claims/holder-entry.ts';
import { isOfFormer, requestAsHeld } from '../../lib/ipam/claims/service-claims.ts';
import { formatAddress, sameAddress } from '../../lib/net/address.ts';
import type { Requeue } from '../../lib/process/loop/level-loop.ts';
import type { Deps } from '../deps.ts';
import { releaseEntry, renewEntry } from './claim-writer.ts';
import { InFlightUpdates } from './in-flight-updates.ts';
import { type ClaimChanges, planClaimChanges } from './plan-claim-changes.ts';
import type { StrayClaims } from './stray-claims.ts';

/** The requeue after a lost race. The ledger knows the other write by then. */
const AT_ONCE: Requeue = { requeueAfterMs: 1 };

export interface ClaimSyncDeps extends Deps {
  readonly strays: StrayClaims;
}

export class ClaimSync {
  readonly #deps: ClaimSyncDeps;
  readonly #inFlightUpdates = new InFlightUpdates();

  constructor(deps: ClaimSyncDeps) {
    this.#deps = deps;
  }

  /**
   * Binds the holders that this Service could lose otherwise, before the allocator publishes their addresses:
   * - a holder with the UID or the token of a former Service of the name, since a late write of a former leader may release it at any time;
   * - a holder without a name, since only the token on the Service leads to it, and an edit of the Service may remove the token;
   * - a holder in a claim that is being taken over, since its own Service may be stored late.
   *
   * @returns false if there was such a holder. The allocator then reconciles the Service again.
   */
  async bindFirst(
    view: ServiceView,
    addressRequest: AddressRequest | undefined,
    assignment: Assignment,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { uid } = view.service.metadata;
    const { cluster } = this.#deps;
    const token = cluster.tokenOf(view.service);
    const mustBind = ({ own, address }: Pick<HeldAddress, 'own' | 'address'>): boolean =>
      own.name === undefined ||
      isOfFormer(own, uid) ||
      (own.uid === undefined && (own.token !== token || cluster.beingTaken.has(claimName(address))));
    // If the holder is gone, another Service took it over, or a user deleted the claim.
    const isHeld = ({ address }: Assignment['uses'][number]): boolean =>
      view.heldAddresses.some((heldAddress) => sameAddress(heldAddress.address, address));
    if (!assignment.uses.every(isHeld)) return false;
    if (!view.heldAddresses.some(mustBind)) return true;
    const { renew } = this.#decide(view, addressRequest, assignment);
    const bound = renew.filter(mustBind);
    await this.#renew(view, bound, signal);
    return bound.length === 0;
  }

  /** @param assignment absent for a Service that Skycap does not serve. */
  async run(
    view: ServiceView,
    addressRequest: AddressRequest | undefined,
    assignment: Assignment | undefined,
    signal: AbortSignal,
  ): Promise<Requeue | undefined> {
    const claimSync = this.#decide(view, addressRequest, assignment);
    const isDone = await this.#renew(view, claimSync.renew, signal);
    await this.#release(view, claimSync, signal);
    if (!isDone) return AT_ONCE;
    const { requeueAtMs } = claimSync;
    return Number.isFinite(requeueAtMs) ? { requeueAfterMs: Math.max(1, requeueAtMs - this.#deps.nowMs()) } : undefined;
  }

  /** The Service is gone. */
  forget(key: string): void {
    this.#inFlightUpdates.forgetService(key);
  }

  #decide(
    { service, heldAddresses, key }: ServiceView,
    addressRequest: AddressRequest | undefined,
    assignment: Assignment | undefined,
  ): ClaimChanges {
    const { cluster, nowMs, monotonicMs } = this.#deps;
    const now = nowMs();
    const monotonic = monotonicMs();
    const plain = addressRequest ? undefined : requestWithoutAddresses(service);
    const requestAt = (heldAddress: HeldAddress): ClaimedRequest => {
      const { own, address } = heldAddress;
      if (addressRequest)
        return assignment?.waits === 'must'
          ? keptRequest(requestOf(addressRequest, address), own)
          : requestOf(addressRequest, address);
      return plain ? keptRequest(requestOf(requestAsHeld(plain, heldAddress), address), own) : requestIn(own);
    };
    return planClaimChanges({
      service,
      serviceToken: cluster.tokenOf(service),
      requestAt,
      heldAddresses,
      assignment,
      inFlightUpdateOf: (heldAddress: HeldAddress) => {
        const claimed = requestText(requestIn(heldAddress.own));
        const requested = requestText(requestAt(heldAddress));
        const inFlightUpdate = this.#inFlightUpdates.judge(
          key,
          formatAddress(heldAddress.address),
          claimed,
          requested,
          monotonic,
        );
        return inFlightUpdate.kind === 'wait'
          ? { ...inFlightUpdate, untilMs: inFlightUpdate.untilMs - monotonic + now }
          : inFlightUpdate;
      },
      firstSeenMs: ({ claim, own }) => cluster.holderFirstSeen.firstSeenMs(claim, own),
      storedUid: ({ claim, own }) => cluster.holderFirstSeen.storedUid(claim, own),
      nowMs: now,
      graceMsOf: ({ claim, own }) => this.#deps.strays.graceMs(claim, own),
    });
  }

  /** @returns false if a claim has changed meanwhile. The allocator then judges it again. */
  async #renew({ heldAddresses }: ServiceView, renew: ClaimChanges['renew'], signal: AbortSignal): Promise<boolean> {
    let isDone = true;
    for (const change of renew) {
      const claim = heldAddresses.find(({ own }) => own === change.own)?.claim;
      if (claim) isDone = (await renewEntry(this.#deps, claim, change, signal)) && isDone;
    }
    return isDone;
  }

  async #release({ key }: ServiceView, { release }: ClaimChanges, signal: AbortSignal): Promise<void> {
    for (const entry of release) {
      if (signal.aborted) return;
      await releaseEntry(this.#deps, entry, { service: key });
      this.#inFlightUpdates.forget(key, formatAddress(entry.address));
    }
  }
}
