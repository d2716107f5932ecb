/** Carries out the plan of `plan-claim-changes.ts` for the claims of a stored Service. */

import type { AddressRequest } from '../../lib/api/service/address-request.ts';
import { publishedAddresses } from '../../lib/api/service/published-addresses.ts';
import type { Service } from '../../lib/api/service/service.ts';
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
import { annotatedAddresses, requestAsHeld } from '../../lib/ipam/claims/service-claims.ts';
import { GIVES_WAY_AFTER_MS } from '../../lib/ipam/claims/taken-but-for.ts';
import { type Address, formatAddress, sameAddress } from '../../lib/net/address.ts';
import type { KeyRequeue } from '../../lib/process/loop/keyed-queue.ts';
import type { Requeue } from '../../lib/process/loop/level-loop.ts';
import { isCurrent } from '../cluster/is-current.ts';
import type { Deps } from '../deps.ts';
import { releaseEntry, renewEntry } from './claim-writer.ts';
import { InFlightUpdates, LONGEST_CALL_MS } from './in-flight-updates.ts';
import { isAtRisk } from './is-at-risk.ts';
import { type ClaimChanges, planClaimChanges } from './plan-claim-changes.ts';
import type { StrayClaims } from './stray-claims.ts';

/** The requeue after a lost race. The ledger knows the other write by then. */
const AT_ONCE: Requeue = { requeueAfterMs: 1 };
/** The watch shows the Service as the API server has it within this time. */
const BEHIND_MS = 25;

export interface ClaimSyncDeps extends Deps {
  readonly strays: StrayClaims;
}

export class ClaimSync {
  readonly #deps: ClaimSyncDeps;
  readonly #inFlightUpdates = new InFlightUpdates();
  /** By Service, the addresses whose holders this process wrote, and the Service's version that it decided on. */
  readonly #written = new Map<
    string,
    { readonly resourceVersion: string | undefined; readonly addresses: readonly Address[] }
  >();
  /** The begin of the term, by the monotonic clock. */
  readonly #sinceMs: number;

  constructor(deps: ClaimSyncDeps) {
    this.#deps = deps;
    this.#sinceMs = deps.monotonicMs();
  }

  /**
   * Writes the holders that another leader could still release (`is-at-risk.ts`), before the allocator publishes their addresses.
   *
   * @returns the view with the holders as they are now; undefined if a claim has changed meanwhile. The allocator then reconciles the Service again.
   */
  async writeFirst(
    view: ServiceView,
    addressRequest: AddressRequest | undefined,
    assignment: Assignment,
    signal: AbortSignal,
  ): Promise<ServiceView | undefined> {
    // If the holder is gone, another Service took it over, or a user deleted the claim.
    const isHeld = ({ address }: Assignment['uses'][number]): boolean =>
      view.heldAddresses.some((heldAddress) => sameAddress(heldAddress.address, address));
    if (!assignment.uses.every(isHeld)) return undefined;
    const atRisk = view.heldAddresses.filter((heldAddress) => this.#isAtRisk(heldAddress, view));
    if (atRisk.length === 0) return view;
    const { renew } = this.#decide(view, addressRequest, assignment, (heldAddress) =>
      atRisk.some(({ own }) => own === heldAddress.own),
    );
    const written = renew.filter(({ own }) => atRisk.some((heldAddress) => heldAddress.own === own));
    if (!(await this.#renew(view, written, signal))) return undefined;
    this.noteWritten(
      view,
      written.map(({ address }) => address),
    );
    return { ...view, heldAddresses: this.#deps.cluster.heldAddressesOf(view.service).heldAddresses };
  }

  /** The Service's holders at these addresses were written, by the Service as in the view. They need no further write before it changes. */
  noteWritten({ key, service }: ServiceView, addresses: readonly Address[]): void {
    if (addresses.length === 0) return;
    const { resourceVersion } = service.metadata;
    this.#written.set(key, { resourceVersion, addresses: [...this.#writtenFor(key, service), ...addresses] });
  }

  #writtenFor(key: string, { metadata }: Service): readonly Address[] {
    const written = this.#written.get(key);
    return written && written.resourceVersion === metadata.resourceVersion ? written.addresses : [];
  }

  /**
   * @param assignment absent for a Service that Skycap does not serve.
   * @param isPatched whether this reconcile has patched the Service, which proves that the Service is as in the view.
   */
  async run(
    view: ServiceView,
    addressRequest: AddressRequest | undefined,
    assignment: Assignment | undefined,
    { isPatched, signal }: { readonly isPatched: boolean; readonly signal: AbortSignal },
  ): Promise<KeyRequeue | undefined> {
    if (isPatched) this.#written.delete(view.key);
    const claimSync = this.#decide(view, addressRequest, assignment);
    const isDone = await this.#renew(view, claimSync.renew, signal);
    // By an older state of the Service, an address would be released that it has been given since.
    if (claimSync.release.length > 0 && !isPatched && !(await isCurrent(view.service, this.#deps, signal))) {
      return { requeueAfterMs: BEHIND_MS, backsOff: true };
    }
    await this.#release(view, claimSync, signal);
    if (!isDone) return AT_ONCE;
    const { requeueAtMs } = claimSync;
    return Number.isFinite(requeueAtMs) ? { requeueAfterMs: Math.max(1, requeueAtMs - this.#deps.nowMs()) } : undefined;
  }

  /** The Service is gone. */
  forget(key: string): void {
    this.#inFlightUpdates.forgetService(key);
    this.#written.delete(key);
  }

  #isAtRisk({ own, address, claim }: HeldAddress, { service, key }: ServiceView): boolean {
    const { cluster, monotonicMs } = this.#deps;
    const isOneOf = (addresses: readonly Address[]): boolean => addresses.some((one) => sameAddress(one, address));
    if (isOneOf(this.#writtenFor(key, service))) return false;
    const tookMs = cluster.holderFirstSeen.storedAfterMs(claim, own) ?? Number.POSITIVE_INFINITY;
    return isAtRisk(own, {
      service: { uid: service.metadata.uid, token: cluster.tokenOf(service) },
      isPublished: isOneOf(publishedAddresses(service)),
      isAnnotated: isOneOf(annotatedAddresses(service)),
      storedUid: cluster.holderFirstSeen.storedUid(claim, own),
      isBeingTaken: cluster.beingTaken.has(claimName(address)),
      isLate: tookMs >= GIVES_WAY_AFTER_MS && monotonicMs() - this.#sinceMs < LONGEST_CALL_MS,
    });
  }

  #decide(
    { service, heldAddresses, key }: ServiceView,
    addressRequest: AddressRequest | undefined,
    assignment: Assignment | undefined,
    mustWrite: (heldAddress: HeldAddress) => boolean = () => false,
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
      mustWrite,
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
