/** Carries out the plan of `plan-claim-changes.ts` for the claims of a stored Service. */

import type { AddressRequest } from '../../lib/api/service/address-request.ts';
import { claimName } from '../../lib/api/skycap/claim.ts';
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
import type { Assignment } from '../assignment/decide-assignment.ts';
import { requestWithoutAddresses, type ServiceView } from '../assignment/service-view.ts';
import type { Deps } from '../deps.ts';
import { releaseEntry, renewEntry } from './claim-writer.ts';
import { InFlightUpdates } from './in-flight-updates.ts';
import { type ClaimChanges, planClaimChanges } from './plan-claim-changes.ts';
import type { StrayClaims } from './stray-claims.ts';

/** After a lost race; the ledger knows the other write by then. */
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
   * Binds the holders that this Service could lose otherwise, before their addresses are published:
   * - a holder with the UID or the token of another life of the name, which a former leader, whose write is late, may release at any moment;
   * - a holder without a name, which only the token on the Service leads to: an edit of the Service may remove the token;
   * - a holder that is being taken over, since its Service came late.
   *
   * @returns false if there was such a holder; then the Service is reconciled anew.
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
    // A holder that is gone was taken over, or its claim was deleted by hand.
    const isHeld = ({ address }: Assignment['uses'][number]): boolean =>
      view.heldAddresses.some((heldAddress) => sameAddress(heldAddress.address, address));
    if (!assignment.uses.every(isHeld)) return false;
    if (!view.heldAddresses.some(mustBind)) return true;
    const { renew } = this.#decide(view, addressRequest, assignment);
    const bound = renew.filter(mustBind);
    await this.#renew(view, bound, signal);
    return bound.length === 0;
  }

  /** @param assignment absent for a Service that is not ours. */
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

  /** The Service is no more. */
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
      wasStored: ({ claim, own }) => cluster.holderFirstSeen.wasStored(claim, own),
      nowMs: now,
      graceMsOf: ({ claim, own }) => this.#deps.strays.graceMs(claim, own),
    });
  }

  /** @returns false where a claim changed meanwhile, and has to be judged again. */
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
