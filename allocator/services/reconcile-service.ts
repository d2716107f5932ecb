/**
 * Reconciles one Service: gather → decide → act. A reconcile decides everything up to the claim before its first await, so that Services get addresses in the order of
 * the queue. At most one patch of the Service follows, and then the changes in its claims.
 */

import type { ConditionUpdate } from '../../lib/api/meta/conditions.ts';
import { keyOf } from '../../lib/api/meta/object.ts';
import type { Problem } from '../../lib/api/problem.ts';
import type { AddressRequest } from '../../lib/api/service/address-request.ts';
import { hasOurCondition } from '../../lib/api/service/has-our-condition.ts';
import { publishedAddresses } from '../../lib/api/service/published-addresses.ts';
import { isLeftAlone } from '../../lib/api/service/served-by-another.ts';
import type { Service } from '../../lib/api/service/service.ts';
import { type Assignment, decideAssignment, decideInvalid } from '../../lib/ipam/assignment/decide-assignment.ts';
import {
  asStoredIn,
  remainingRequest,
  requestWithoutAddresses,
  type ServiceView,
  type Unsure,
  viewOf,
} from '../../lib/ipam/assignment/service-view.ts';
import { type WaitingList, waitingOf, waitingSinceOf } from '../../lib/ipam/assignment/waiting-list.ts';
import type { Choice } from '../../lib/ipam/choice/choose.ts';
import type { HeldAddress } from '../../lib/ipam/choice/held-address.ts';
import { tokenShown } from '../../lib/ipam/claims/service-claims.ts';
import type { Source } from '../../lib/ipam/pools/source.ts';
import { explanationOf } from '../../lib/kube/http/explaining-client.ts';
import { type Address, formatAddress, sameAddress } from '../../lib/net/address.ts';
import type { KeyRequeue } from '../../lib/process/loop/keyed-queue.ts';
import type { AllocationOrder } from '../assignment/allocation-order.ts';
import { type Exchange, exchangeFor, NO_EXCHANGE, reservation } from '../assignment/exchanges.ts';
import { isTurnOfAnother } from '../assignment/whose-turn.ts';
import { ServiceClaimer } from '../claims/service-claimer.ts';
import { ClaimSync, type ClaimSyncDeps } from '../claims/sync-claims.ts';
import { decideLeaving, decidePublication, type Publication } from './decide-publication.ts';
import { reclaimPublished } from './reclaim-published.ts';
import { finalizersOnlyPatch } from './service-patch.ts';
import { ServiceWriter } from './service-writer.ts';

/** A cache is seldom behind for longer. */
const BEHIND_MS = 25;
const LEFT_FOR_MS = 3_000;

export interface ServiceReconcilerDeps extends ClaimSyncDeps {
  readonly waiting: WaitingList;
  readonly allocationOrder: AllocationOrder;
  /** Whether the Service existed when this replica became the leader. If so, the Service has waited since its creation. */
  readonly wasThere: (key: string) => boolean;
  /** The condition `skycap.io/Announced` for addresses that are about to be published. */
  readonly announcedOf: (service: Service, addresses: readonly Address[]) => ConditionUpdate | undefined;
  /** Why annotations for BGP have no effect on the routes of these addresses. */
  readonly routeOverridesOf: (service: Service, addresses: readonly Address[]) => ConditionUpdate | undefined;
  /** Queues another Service. */
  readonly ask: (key: string) => void;
}

export class ServiceReconciler {
  readonly #deps: ServiceReconcilerDeps;
  readonly #claimer: ServiceClaimer;
  readonly #claimSync: ClaimSync;
  readonly #writer: ServiceWriter;
  /** By Service, the time since which no other load balancer serves it. */
  readonly #leftSinceMs = new Map<string, number>();

  constructor(deps: ServiceReconcilerDeps) {
    this.#deps = deps;
    this.#claimer = new ServiceClaimer(deps);
    this.#claimSync = new ClaimSync(deps);
    this.#writer = new ServiceWriter(deps);
  }

  async reconcile(service: Service, signal: AbortSignal): Promise<KeyRequeue | undefined> {
    const again = await this.#look(service, signal);
    const contest = this.#deps.cluster.rewriteBackoff.contestOf(keyOf(service));
    // At that time the allocator reports the end of the contest.
    return contest && contest.endsInMs < (again?.requeueAfterMs ?? Number.POSITIVE_INFINITY)
      ? { requeueAfterMs: contest.endsInMs + 1 }
      : again;
  }

  async #look(service: Service, signal: AbortSignal): Promise<KeyRequeue | undefined> {
    const { cluster, config, allocationOrder } = this.#deps;
    const view = viewOf(service, cluster, config);
    if (service.metadata.deletionTimestamp !== undefined) return this.#releaseAll(view, signal);
    // Without `started`, the Service keeps its turn. Otherwise other waiting Services would overtake it.
    if (view.unsure) return this.#makeSure(view.unsure, signal);
    allocationOrder.started(view.key);
    const calmMs = this.#calmMs(view);
    if (calmMs > 0) return { requeueAfterMs: calmMs };
    if (isUnclaimed(view) && (await this.#reclaim(view, signal))) return { requeueAfterMs: 0 };
    switch (view.parsed.kind) {
      case 'notOurs':
        return this.#leave(view, signal);
      case 'invalid':
        return this.#keep(view, view.parsed.problems, signal);
      case 'addressRequest':
        return this.#give(view, view.parsed.addressRequest, signal);
    }
  }

  /** A Service of another load balancer may have no ingress for a moment. Skycap waits before it serves such a Service. */
  #calmMs({ key, service, parsed, isByDefault }: ServiceView): number {
    if (parsed.kind === 'notOurs' || !isByDefault || !isLeftAlone(service)) {
      this.#leftSinceMs.delete(key);
      return 0;
    }
    const nowMs = this.#deps.monotonicMs();
    const sinceMs = this.#leftSinceMs.get(key) ?? nowMs;
    this.#leftSinceMs.set(key, sinceMs);
    return Math.max(0, sinceMs + LEFT_FOR_MS - nowMs);
  }

  /** The Service is gone. */
  forget(key: string): void {
    this.#stopWaiting(key);
    this.#leftSinceMs.delete(key);
    this.#deps.cluster.rewriteBackoff.forget(key);
    this.#claimSync.forget(key);
  }

  #stopWaiting(key: string): void {
    this.#deps.waiting.delete(key);
    this.#deps.allocationOrder.started(key);
    this.#deps.metrics.serviceGone(key);
  }

  /** The choice comes first, without a write: after admission the Service usually holds every address, and there is nothing to claim. */
  async #give(
    before: ServiceView,
    addressRequest: AddressRequest,
    signal: AbortSignal,
  ): Promise<KeyRequeue | undefined> {
    const { cluster } = this.#deps;
    const beyond = remainingRequest(addressRequest, before.pinned);
    let choice = beyond && this.#claimer.preview(before, beyond);
    let view = before;
    let refusal: unknown;
    if (
      beyond &&
      (choice?.kind !== 'assigned' || choice.lacking) &&
      (await this.#claimer.takeOver(before, beyond, signal))
    ) {
      return { requeueAfterMs: 0 };
    }
    if (beyond && choice?.kind === 'assigned' && choice.given.some(({ how }) => how !== 'held')) {
      if (this.#mustRequeueBehind(before, choice)) return undefined;
      this.#deps.allocationOrder.assigned(before.key);
      try {
        choice = await this.#claimer.for(before).assign(this.#claimer.request(before, beyond), signal);
      } catch (error) {
        const message = explanationOf(error);
        if (message === undefined) throw error;
        refusal = error;
        choice = { kind: 'pending', keeps: [], reason: 'WriteRefused', message };
      }
      const given = choice.kind === 'assigned' ? choice.given : [];
      this.#claimSync.noteWritten(
        before,
        given.flatMap(({ how, address }) => (how === 'held' ? [] : address)),
      );
      view = { ...before, heldAddresses: cluster.heldAddressesOf(before.service).heldAddresses };
    }
    const { pinned } = view;
    const eipProblemOf = (source: Source) => cluster.eips.eipProblemOf(source);
    const whyReserved = (address: Address) => cluster.whyReserved(address);
    const outcomeWith = (heldAddresses: readonly HeldAddress[]): Assignment =>
      decideAssignment({
        addressRequest,
        choice,
        pinned,
        heldAddresses,
        eipProblemOf,
        asStored: asStoredIn(cluster),
        whyReserved,
      });
    const assignment = outcomeWith(view.heldAddresses);
    const { leaves, reserves } =
      beyond && !refusal ? await this.#exchange(view, beyond, assignment, signal) : NO_EXCHANGE;
    const stays = view.heldAddresses.filter(({ address }) => !leaves.some((one) => sameAddress(one, address)));
    const again = await this.#settle(view, addressRequest, { ...outcomeWith(stays), reserves }, signal);
    // The queue logs the error and tries again later.
    if (refusal) throw refusal;
    return again;
  }

  async #exchange(
    view: ServiceView,
    addressRequest: AddressRequest,
    assignment: Assignment,
    signal: AbortSignal,
  ): Promise<Exchange> {
    const { log, ask } = this.#deps;
    const exchange = exchangeFor(view, addressRequest, assignment, this.#deps);
    const { step, leaves } = exchange;
    if (step.kind === 'leave')
      log.info({ service: view.key, addresses: leaves.map(formatAddress) }, 'address left in an exchange');
    if (step.kind === 'wait') ask(step.first);
    for (const { address, eip } of step.kind === 'reserve' ? step.places : []) {
      await this.#claimer
        .for(view)
        .retake(address, eip, reservation(this.#claimer.request(view, addressRequest)), signal);
    }
    return exchange;
  }

  /** The Service's request can't be parsed. */
  #keep(view: ServiceView, problems: readonly Problem[], signal: AbortSignal): Promise<KeyRequeue | undefined> {
    const plain = requestWithoutAddresses(view.service);
    if (!plain) throw new Error(`Cannot judge Service "${view.key}": it asks for nothing`);
    return this.#settle(
      view,
      undefined,
      decideInvalid(problems, view.heldAddresses, plain, asStoredIn(this.#deps.cluster)),
      signal,
    );
  }

  /** Publishes, then changes the claims. */
  async #settle(
    view: ServiceView,
    addressRequest: AddressRequest | undefined,
    assignment: Assignment,
    signal: AbortSignal,
  ): Promise<KeyRequeue | undefined> {
    const { cluster } = this.#deps;
    const decision = decidePublication(
      {
        service: view.service,
        heldAddresses: view.heldAddresses,
        token: tokenShown(assignment.uses[0]?.address, view.heldAddresses, cluster.tokenOf(view.service)),
        isByDefault: view.isByDefault,
        isTakenByOthers: (address) => cluster.isTakenByOthers(address, view.service),
        isOfEip: (address) => cluster.isOfEip(address),
        announcedOf: (addresses) => this.#deps.announcedOf(view.service, addresses),
        routeOverridesOf: (addresses) => this.#deps.routeOverridesOf(view.service, addresses),
        waitsSince: this.#waitsSince(view),
      },
      assignment,
    );
    this.#account(view, assignment, decision);
    return this.#write(view, decision, addressRequest, assignment, signal);
  }

  /** @param assignment absent for a Service that Skycap does not serve. */
  async #write(
    before: ServiceView,
    decision: Publication,
    addressRequest: AddressRequest | undefined,
    assignment: Assignment | undefined,
    signal: AbortSignal,
  ): Promise<KeyRequeue | undefined> {
    const change = this.#writer.changeFor(before, decision);
    if (change.kind === 'contested') return { requeueAfterMs: change.requeueAfterMs };
    if (change.kind === 'none') {
      return this.#claimSync.run(before, addressRequest, assignment, { isPatched: false, signal });
    }
    const view = assignment ? await this.#claimSync.writeFirst(before, addressRequest, assignment, signal) : before;
    if (!view) return { requeueAfterMs: 0 };
    await this.#writer.write(view, decision, change, signal);
    return this.#claimSync.run(view, addressRequest, assignment, { isPatched: true, signal });
  }

  /** Skycap does not serve the Service, or no longer does. */
  async #leave(view: ServiceView, signal: AbortSignal): Promise<KeyRequeue | undefined> {
    this.#stopWaiting(view.key);
    const isOfEip = (address: Address): boolean => this.#deps.cluster.isOfEip(address);
    return this.#write(view, decideLeaving({ ...view, isOfEip }), undefined, undefined, signal);
  }

  /** A Service under deletion keeps its addresses and gets no new ones. A finalizer may keep it for a while. */
  async #releaseAll({ key, service }: ServiceView, signal: AbortSignal): Promise<undefined> {
    this.#stopWaiting(key);
    const body = finalizersOnlyPatch(service);
    if (body) await this.#writer.patch(service, body, signal);
  }

  /** Waits for the caches, or asks the API server whether an Eip is really gone, and not together with its CRD. Until then the Service does not change. */
  async #makeSure(unsure: Unsure, signal: AbortSignal): Promise<KeyRequeue> {
    const { cluster, client } = this.#deps;
    if (unsure.kind === 'eips') {
      if (await cluster.eips.confirm(unsure.names, client, signal)) return { requeueAfterMs: 0 };
    }
    return { requeueAfterMs: BEHIND_MS, backsOff: true };
  }

  /** @returns whether there was an address to claim. The allocator then reconciles the Service again. */
  async #reclaim(view: ServiceView, signal: AbortSignal): Promise<boolean> {
    const claimer = this.#claimer.for(view);
    // One token for all families.
    const isDone = await reclaimPublished(
      view,
      { ...this.#deps, claimer, token: this.#claimer.tokenForNew(view) },
      signal,
    );
    // Services that would share one of the addresses can be reconciled now.
    if (isDone === 'shared') this.#deps.allocationOrder.addressFreed();
    return isDone !== 'nothing';
  }

  /** See `isTurnOfAnother`. The allocator then reconciles this Service again after the others. */
  #mustRequeueBehind(view: ServiceView, choice: Choice & { kind: 'assigned' }): boolean {
    const { allocationOrder } = this.#deps;
    const self = waitingOf(view.service, waitingSinceOf(view.service) ?? this.#waitsSince(view), false);
    const wanted = choice.given.flatMap(({ how, address }) => (how === 'free' ? [address] : []));
    const isTheirTurn = isTurnOfAnother(wanted, allocationOrder.before(self), (key) => this.#claimer.wouldTake(key));
    if (isTheirTurn) allocationOrder.requeueBehind(self);
    return isTheirTurn;
  }

  #waitsSince({ service, key }: ServiceView): string {
    const { wasThere, nowMs } = this.#deps;
    const created = Date.parse(service.metadata.creationTimestamp ?? '');
    const sinceMs = wasThere(key) && !hasOurCondition(service) && Number.isFinite(created) ? created : nowMs();
    return new Date(sinceMs).toISOString();
  }

  /** Called before the first write, so that a concurrent reconcile of another Service finds this one among the waiting Services. */
  #account({ service, key }: ServiceView, assignment: Assignment, { managedMetadata }: Publication): void {
    const { waiting, metrics } = this.#deps;
    const { waits, waitsFor } = assignment;
    if (waits === 'no') waiting.delete(key);
    else waiting.set(waitingOf(service, managedMetadata.waitingSince, waits === 'may'), waitsFor);
    metrics.service(key, assignment.hasAddress ? 'assigned' : 'pending', assignment.reason);
  }
}

/** Whether the Service publishes an address without a claim, which no Service does in a stable state. */
function isUnclaimed({ service, heldAddresses, parsed }: ServiceView): boolean {
  if (parsed.kind === 'notOurs') return false;
  return publishedAddresses(service).some(
    (address) => !heldAddresses.some((held) => sameAddress(held.address, address)),
  );
}
