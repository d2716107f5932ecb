/**
 * One term of leadership: the queues and their workers, from the moment this replica may act until it may not. A term starts by reconciling everything
 * once, and leaves nothing behind.
 */

import { type KubeObject, keyOf } from '../../lib/api/meta/object.ts';
import { publishedAddresses } from '../../lib/api/service/published-addresses.ts';
import type { Service } from '../../lib/api/service/service.ts';
import { compareWaiting, WaitingList, waitingOf, waitingSinceOf } from '../../lib/ipam/assignment/waiting-list.ts';
import { dropManagedFields } from '../../lib/kube/cache/transform.ts';
import { explanationOf } from '../../lib/kube/http/explaining-client.ts';
import { getOrUndefined } from '../../lib/kube/http/get-or-undefined.ts';
import { SERVICES } from '../../lib/kube/resource.ts';
import { pause } from '../../lib/process/clock.ts';
import { KeyedQueue, type KeyRequeue, type KeyResult } from '../../lib/process/loop/keyed-queue.ts';
import { LevelLoop, type Requeue } from '../../lib/process/loop/level-loop.ts';
import { eipAnnouncedCondition } from '../announced/eip-announced.ts';
import { ReachWatch } from '../announced/reach-watch.ts';
import { AnnouncedReconciler } from '../announced/reconcile-announced.ts';
import { ServiceAnnouncements } from '../announced/service-announcements.ts';
import { AllocationOrder } from '../assignment/allocation-order.ts';
import type { FormerHolders } from '../claims/history/former-holders.ts';
import { writeGathered } from '../claims/history/write-history.ts';
import { StoredTokens } from '../claims/stored-tokens.ts';
import { HURRIED_GRACE_MS, StrayClaims } from '../claims/stray-claims.ts';
import type { Deps } from '../deps.ts';
import type { QueueName } from '../metrics.ts';
import { findRetypedServices } from '../orphans/find-retyped-services.ts';
import { UnnamedClaimReconciler } from '../orphans/reconcile-unnamed-claim.ts';
import { RemovedServices } from '../orphans/removed-services.ts';
import { ServiceReconciler } from '../services/reconcile-service.ts';
import { BgpReconciler, confKey, peerKey } from '../status/reconcile-bgp.ts';
import { EipReconciler } from '../status/reconcile-eip.ts';
import { Refusals } from '../status/refusals.ts';
import { UnreachedWatch } from '../status/unreached-watch.ts';
import type { Caches } from './caches.ts';
import { EventLoopYield } from './event-loop-yield.ts';
import { PreflightWatch } from './preflight-watch.ts';
import { type ConflictRetryOptions, withConflictRetry } from './retry-on-conflict.ts';

const AT_ONCE: Requeue = { requeueAfterMs: 1 };
/** A status may wait a little, a Service may not. */
const STATUS_WORKERS = 4;
/** A look goes through all nodes for each Eip, which takes 10 ms with 5,000 nodes and ten Eips. All of them change at once when a router restarts. */
const REACH_EVERY_MS = 500;

const STRAYS_EVERY_MS = 500;

/**
 * Each kind has its queue, so that a burst of one kind does not hold up another: people wait for Services, and statuses are written at a
 * measured pace.
 */
export class LeaderTerm {
  readonly services: KeyedQueue;
  readonly claims: KeyedQueue;
  readonly eips: KeyedQueue;
  readonly bgp: KeyedQueue;
  /** Of Services, for the condition `skycap.io/Announced`. */
  readonly announced: KeyedQueue;
  /** The order in which waiting Services are reconciled when an address comes free. */
  readonly allocationOrder: AllocationOrder;
  /** To be triggered by a claim whose Service was not seen stored. */
  readonly strays: LevelLoop;
  /** To be triggered when a Service has lost an address. */
  readonly history: LevelLoop;
  /** No claim of a create call is collected before. */
  readonly shortestGraceMs: number;
  /** Names of the claims that were found to give way. */
  #givingWay: ReadonlySet<string> = new Set();
  readonly #deps: Deps;
  readonly #removedServices: RemovedServices;
  readonly #reconciler: ServiceReconciler;
  readonly #retypedServices: LevelLoop;
  readonly #reach: LevelLoop;
  readonly #preflight: PreflightWatch;
  readonly #refusals = new Refusals();
  readonly #unreached: UnreachedWatch;
  readonly #eventLoopYield = new EventLoopYield(() => performance.now());
  /** Services that were stored when the term began and were not reconciled since. */
  readonly #wereThere = new Set<string>();

  constructor(deps: Deps, caches: Caches, formerHolders: FormerHolders) {
    this.#deps = deps;
    const { historyEntries: entries, historyDays: days } = deps.config;
    const history = { ...deps, formerHolders, limits: { entries, days } };
    this.history = this.#loop('history', (signal) => writeGathered(history, deps.historyGatherMs, signal));
    const waiting = new WaitingList((eipName) => this.eips.add(eipName));
    this.allocationOrder = new AllocationOrder(waiting, (key) => this.services.add(key));
    const { allocationOrder } = this;
    const tokens = new StoredTokens(deps);
    const graceMs = deps.config.claimGraceSeconds * 1000;
    this.shortestGraceMs = Math.min(graceMs, HURRIED_GRACE_MS);
    const strays = new StrayClaims({ ...deps, tokens, graceMs });
    this.strays = this.#loop('stray claims', (signal) => this.#lookAtStrays(strays, signal));
    this.#removedServices = new RemovedServices({ ...deps, strays });
    const reach = new ReachWatch(deps.cluster, caches.announcers);
    const announcements = new ServiceAnnouncements(deps.cluster, caches.announcers, reach);
    this.#reconciler = new ServiceReconciler({
      ...deps,
      waiting,
      allocationOrder,
      strays,
      announcedOf: (service, addresses) => announcements.announcedOf(service, addresses),
      routeOverridesOf: (service, addresses) => announcements.routeOverridesOf(service, addresses),
      wasThere: (key) => this.#wereThere.has(key),
      ask: (key) => this.services.add(key),
    });
    const claims = new UnnamedClaimReconciler({ ...deps, strays, tokens, askService: (key) => this.services.add(key) });
    const announced = new AnnouncedReconciler(deps, announcements);
    this.#unreached = new UnreachedWatch(deps.cluster);
    this.#reach = this.#loop('reach', (signal) => this.#lookAtReachOnce(reach, signal));
    this.#preflight = new PreflightWatch(deps, {
      onCalico: (ranges) => {
        if (caches.announcers.setCalico(ranges)) this.#reach.trigger();
      },
      onChange: () => this.#lookAtEips(),
    });
    this.#retypedServices = this.#loop('services left behind', (signal) =>
      findRetypedServices(deps.client, (service) => this.#foundLeft(service), signal),
    );
    this.services = this.#queue('services', deps.config.workers, {
      act: (key, signal) => this.#reconcileService(key, signal),
      refresh: (key, signal) => this.#readService(key, signal),
    });
    this.claims = this.#queue('claims', 1, { act: (name, signal) => claims.reconcile(name, signal) });
    this.announced = this.#queue('announced', 1, {
      act: (key, signal) => announced.reconcile(key, signal),
      refresh: (key, signal) => this.#readService(key, signal),
    });
    this.eips = this.#eipQueue(caches, waiting);
    this.bgp = this.#bgpQueue(caches);
  }

  /** Resolves when `signal` has aborted and all reconciles under way have ended. */
  async run(signal: AbortSignal): Promise<void> {
    const { ledger } = this.#deps.cluster;
    ledger.onFreed = () => this.allocationOrder.addressFreed();
    this.#lookAtEverything();
    this.#retypedServices.trigger();
    this.#reach.trigger();
    this.strays.trigger();
    try {
      const loops = [this.#retypedServices, this.#reach, this.#preflight, this.strays, this.history];
      await Promise.all([...this.#queues(), ...loops].map((part) => part.run(signal)));
    } finally {
      ledger.onFreed = () => {};
    }
  }

  lengths(): Record<QueueName, number> {
    const { services, claims, eips, bgp, announced } = this;
    return {
      services: services.length,
      claims: claims.length,
      eips: eips.length,
      bgp: bgp.length,
      announced: announced.length,
    };
  }

  /** The watch has seen the Service go. */
  departed(key: string, service: Service): void {
    this.#removedServices.saw(key, service);
    this.services.add(key);
  }

  /** Sessions, nodes, speakers or Eips have changed. */
  lookAtReach(): void {
    this.#reach.trigger();
  }

  #queues(): readonly KeyedQueue[] {
    return [this.services, this.claims, this.eips, this.bgp, this.announced];
  }

  /** Waiting Services are reconciled when a claim begins to give way: no event shows it. */
  async #lookAtStrays(strays: StrayClaims, signal: AbortSignal): Promise<Requeue | undefined> {
    const { givingWay, isAny } = strays.look();
    const isNews = [...givingWay].some((one) => !this.#givingWay.has(one));
    this.#givingWay = givingWay;
    if (isNews) this.allocationOrder.addressFreed();
    // Each new claim triggers it, and it goes through all claims without a Service.
    await pause(STRAYS_EVERY_MS, signal);
    return isAny ? { requeueAfterMs: 0 } : undefined;
  }

  async #lookAtReachOnce(watch: ReachWatch, signal: AbortSignal): Promise<undefined> {
    const { eips, services } = watch.look();
    for (const name of eips) this.eips.add(name);
    for (const key of services) this.announced.add(key);
    for (const name of this.#unreached.look()) this.bgp.add(peerKey(name));
    await pause(REACH_EVERY_MS, signal);
  }

  #lookAtEips(): void {
    for (const { metadata } of this.#deps.cluster.stores.eips.values()) this.eips.add(metadata.name ?? '');
  }

  #foundLeft(service: Service): void {
    const key = keyOf(service);
    if (this.#removedServices.saw(key, service)) this.services.add(key);
  }

  /** A change without a leader left no event, and a reconcile of an object that is as it should be writes nothing. */
  #lookAtEverything(): void {
    const { stores, rewriteBackoff } = this.#deps.cluster;
    rewriteBackoff.reset();
    const services = inOrderOfStart([...stores.services.values()]);
    for (const key of services) this.#wereThere.add(key);
    for (const key of services) this.services.add(key);
    for (const claim of stores.claims.values()) {
      this.claims.add(claim.metadata.name ?? '');
      // Services that were deleted while no allocator led.
      for (const { namespace, name } of claim.spec.holders) if (name) this.services.add(`${namespace}/${name}`);
    }
    this.#lookAtEips();
    for (const { metadata } of stores.bgpPeers.values()) this.bgp.add(peerKey(metadata.name ?? ''));
    for (const { metadata } of stores.bgpConfs.values()) this.bgp.add(confKey(metadata.name ?? ''));
  }

  /** A key is of a stored Service or of a removed one, as its reconcile finds. */
  async #reconcileService(key: string, signal: AbortSignal): Promise<KeyRequeue | undefined> {
    const service = this.#deps.cluster.services.get(key);
    try {
      if (service) {
        this.#removedServices.forget(key);
        return await this.#reconciler.reconcile(service, signal);
      }
      this.#reconciler.forget(key);
      return await this.#removedServices.reconcile(key, signal);
    } finally {
      // All waiting Services are known now, and the Eips for which they wait.
      if (this.#wereThere.delete(key) && this.#wereThere.size === 0) this.#lookAtEips();
      this.allocationOrder.ended(key);
    }
  }

  /** After a conflict: reads the Service from the API server, without waiting for the watch. */
  async #readService(key: string, signal: AbortSignal): Promise<void> {
    const { client, cluster } = this.#deps;
    const [namespace = '', name = ''] = key.split('/');
    const service = await getOrUndefined(client, SERVICES, { namespace, name }, signal);
    if (service) cluster.saw(dropManagedFields(service));
  }

  #queue(name: QueueName, concurrency: number, options: Pick<ConflictRetryOptions, 'act' | 'refresh'>): KeyedQueue {
    const { metrics, log } = this.#deps;
    const act = withConflictRetry({ ...options, queue: name, metrics, monotonicMs: () => performance.now() });
    return new KeyedQueue({
      name,
      concurrency,
      log,
      act: async (key, signal) => {
        const pause = this.#eventLoopYield.pause();
        if (pause) await pause;
        return this.#tellRefusal(name, key, act(key, signal));
      },
    });
  }

  #eipQueue({ eips: cache, claimsByEip, announcers }: Caches, waiting: WaitingList): KeyedQueue {
    const eips = new EipReconciler(this.#deps, {
      cache,
      claims: claimsByEip,
      announcedOf: (eip) => eipAnnouncedCondition(eip, announcers.reachOf(eip)),
      waitingFor: (name) => (this.#wereThere.size > 0 ? undefined : waiting.countFor(name)),
      refusedOf: (name) => this.#refusals.of(`eips ${name}`),
      findingsOf: (eip) => this.#preflight.findingsOf(eip),
    });
    return this.#queue('eips', STATUS_WORKERS, { act: (name, signal) => eips.reconcile(name, signal) });
  }

  #bgpQueue({ bgpPeers: peers, bgpConfs: confs }: Caches): KeyedQueue {
    const bgp = new BgpReconciler(
      this.#deps,
      { peers, confs },
      {
        refusedOf: (key) => this.#refusals.of(`bgp ${key}`),
        unreachedOf: (peer) => this.#unreached.of(peer),
      },
    );
    return this.#queue('bgp', STATUS_WORKERS, { act: (key, signal) => bgp.reconcile(key, signal) });
  }

  #loop(name: string, act: (signal: AbortSignal) => Promise<void> | Promise<Requeue | undefined>): LevelLoop {
    return new LevelLoop({ name, act, log: this.#deps.log });
  }

  /** Reports a write that the cluster refuses on its object, until a write succeeds. */
  async #tellRefusal(queue: QueueName, key: string, acted: Promise<KeyResult>): Promise<KeyResult> {
    try {
      const again = await acted;
      return this.#refusals.clear(`${queue} ${key}`) ? AT_ONCE : again;
    } catch (error) {
      const message = explanationOf(error);
      const object = message === undefined ? undefined : this.#objectOf(queue, key);
      if (message !== undefined) this.#refusals.note(`${queue} ${key}`, message);
      if (message !== undefined && object) {
        const event = { type: 'Warning', reason: 'WriteRefused', action: 'Write', message } as const;
        this.#deps.events.record(object, event);
      }
      throw error;
    }
  }

  #objectOf(queue: QueueName, key: string): KubeObject | undefined {
    const { services, stores } = this.#deps.cluster;
    if (queue === 'eips') return stores.eips.get(key);
    if (queue === 'claims') return stores.claims.get(key);
    if (queue !== 'bgp') return services.get(key);
    const [kind, name = ''] = key.split('/');
    return kind === 'peer' ? stores.bgpPeers.get(name) : stores.bgpConfs.get(name);
  }
}

/** Services that publish an address come first, so that none of them loses it; then the others in the order of their waiting. */
function inOrderOfStart(services: readonly Service[]): string[] {
  const ranked = services.map((service) => ({
    waiting: waitingOf(service, waitingSinceOf(service), false),
    publishes: publishedAddresses(service).length > 0,
  }));
  ranked.sort((a, b) => Number(b.publishes) - Number(a.publishes) || compareWaiting(a.waiting, b.waiting));
  return ranked.map(({ waiting }) => waiting.key);
}
