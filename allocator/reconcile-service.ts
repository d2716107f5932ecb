/**
 * One Service: gather → decide → act. Everything up to the claim is decided before the first await, so that the order of the queue is the
 * order in which addresses are given. Then at most one patch of the Service, and after it the upkeep of its claims.
 */
import { type ClaimHolder, claimAddress, claimName } from '../lib/api/claim.ts';
import { isJudged } from '../lib/api/judged.ts';
import { WAITING_SINCE_ANNOTATION } from '../lib/api/keys.ts';
import { keyOf } from '../lib/api/object.ts';
import type { Problem } from '../lib/api/problem.ts';
import { publishedAddresses } from '../lib/api/published-addresses.ts';
import { isLeftAlone } from '../lib/api/served-by-another.ts';
import type { Service } from '../lib/api/service.ts';
import type { Wants } from '../lib/api/wants.ts';
import { type Choice, choose, type Situation } from '../lib/ipam/choose.ts';
import { type Claimant, Claimer } from '../lib/ipam/claimer.ts';
import type { Holding } from '../lib/ipam/holding.ts';
import type { Source } from '../lib/ipam/source.ts';
import { TakenButFor } from '../lib/ipam/taken-but-for.ts';
import { explanationOf } from '../lib/kube/explaining-client.ts';
import { type Address, formatAddress, sameAddress } from '../lib/net/address.ts';
import type { Again } from '../lib/process/level-loop.ts';
import type { Verdict } from './condition.ts';
import { decideInvalid, decideOutcome, type Outcome } from './decide-outcome.ts';
import { decideLeaving, decideService, type ServiceDecision } from './decide-service.ts';
import { type Exchange, exchangeFor, NO_EXCHANGE, reservation } from './exchanges.ts';
import { tokenShown } from './holdings.ts';
import type { Later } from './later.ts';
import { Patience } from './patience.ts';
import { reclaimPublished } from './reclaim-published.ts';
import { finalizersOnlyPatch } from './service-patch.ts';
import { ServiceUpkeep, type UpkeepDeps } from './service-upkeep.ts';
import {
  asStoredIn,
  claimantFor,
  type ServiceView,
  situationFor,
  type Unsure,
  viewOf,
  wantsBeyond,
  wantsWithoutWishes,
} from './service-view.ts';
import { ServiceWriter } from './service-writer.ts';
import type { StrayClaims } from './stray-claims.ts';
import type { Turns } from './turns.ts';
import { type WaitingList, waitingOf, waitingSinceOf } from './waiting.ts';

/** The caches are behind what was just seen; they seldom are for longer. */
const BEHIND_MS = 25;
const LEFT_FOR_MS = 3_000;

export interface ServiceReconcilerDeps extends UpkeepDeps {
  readonly later: Pick<Later, 'mayNow' | 'published' | 'forget'>;
  readonly waiting: WaitingList;
  readonly turns: Turns;
  readonly strays: StrayClaims;
  /** Whether the Service was there when this replica began to lead: then it has waited since its creation. */
  readonly wasThere: (key: string) => boolean;
  /** Whether addresses that are about to be published are announced. */
  readonly announcedOf: (service: Service, addresses: readonly Address[]) => Verdict | undefined;
  /** Has another Service looked at. */
  readonly ask: (key: string) => void;
}

export class ServiceReconciler {
  readonly #deps: ServiceReconcilerDeps;
  readonly #upkeep: ServiceUpkeep;
  readonly #writer: ServiceWriter;
  readonly #patience = new Patience();
  /** Since when nobody else serves it any more. */
  readonly #leftSinceMs = new Map<string, number>();

  constructor(deps: ServiceReconcilerDeps) {
    this.#deps = deps;
    this.#upkeep = new ServiceUpkeep(deps);
    this.#writer = new ServiceWriter(deps);
  }

  async reconcile(service: Service, signal: AbortSignal): Promise<Again | undefined> {
    const again = await this.#look(service, signal);
    const contest = this.#deps.world.rewrites.contestOf(keyOf(service));
    // Then it is told that it is over.
    return contest
      ? { againAfterMs: Math.min(again?.againAfterMs ?? Number.POSITIVE_INFINITY, contest.endsInMs + 1) }
      : again;
  }

  async #look(service: Service, signal: AbortSignal): Promise<Again | undefined> {
    const { world, config, turns } = this.#deps;
    const view = viewOf(service, world, config);
    if (service.metadata.deletionTimestamp !== undefined) return this.#letGo(view, signal);
    // It is its turn still: were it not, others who wait would overtake it.
    if (view.unsure) return this.#makeSure(view, view.unsure, signal);
    turns.started(view.key);
    this.#patience.reset(`${view.key} behind`);
    const calmMs = this.#calmMs(view);
    if (calmMs > 0) return { againAfterMs: calmMs };
    if (isUnclaimed(view) && (await this.#reclaim(view, signal))) return { againAfterMs: 0 };
    switch (view.parsed.kind) {
      case 'notOurs':
        return this.#leave(view, signal);
      case 'invalid':
        return this.#keep(view, view.parsed.problems, signal);
      case 'wants':
        return this.#give(view, view.parsed.wants, signal);
    }
  }

  /** What another load balancer serves may be without an ingress for a moment: it is not taken before it has been so for a while. */
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

  /** The Service is no more. */
  forget(key: string): void {
    this.#stopWaiting(key);
    this.#leftSinceMs.delete(key);
    this.#deps.later.forget(key);
    this.#deps.world.rewrites.forget(key);
    this.#upkeep.forget(key);
    this.#patience.reset(`${key} behind`);
  }

  #stopWaiting(key: string): void {
    this.#deps.waiting.delete(key);
    this.#deps.turns.started(key);
    this.#deps.metrics.serviceGone(key);
  }

  /** The choice is offered first, without writing: where all of it is held already, which is the rule after admission, nothing is claimed. */
  async #give(before: ServiceView, wants: Wants, signal: AbortSignal): Promise<Again | undefined> {
    const { world } = this.#deps;
    const beyond = wantsBeyond(wants, before.pinned);
    let choice = beyond && this.#preview(before, beyond);
    let view = before;
    let refusal: unknown;
    if (beyond && (choice?.kind !== 'assigned' || choice.lacking) && (await this.#takeOver(before, beyond, signal))) {
      return { againAfterMs: 0 };
    }
    if (beyond && choice?.kind === 'assigned' && choice.given.some(({ how }) => how !== 'held')) {
      if (this.#mustStepBack(before, choice)) return undefined;
      this.#deps.turns.served(before.key);
      try {
        choice = await this.#claimerFor(before).assign(this.#claimant(before, beyond), signal);
      } catch (error) {
        const message = explanationOf(error);
        if (message === undefined) throw error;
        refusal = error;
        choice = { kind: 'pending', keeps: [], reason: 'WriteRefused', message };
      }
      view = { ...before, holdings: world.holdingsOf(before.service).holdings };
    }
    const { pinned } = view;
    const troubleOf = (source: Source) => world.eips.troubleOf(source);
    const whyReserved = (address: Address) => world.whyReserved(address);
    const outcomeWith = (holdings: readonly Holding[]): Outcome =>
      decideOutcome({ wants, choice, pinned, holdings, troubleOf, asStored: asStoredIn(world), whyReserved });
    const outcome = outcomeWith(view.holdings);
    const { leaves, reserves } = beyond && !refusal ? await this.#exchange(view, beyond, outcome, signal) : NO_EXCHANGE;
    const stays = view.holdings.filter(({ address }) => !leaves.some((one) => sameAddress(one, address)));
    const again = await this.#settle(view, wants, { ...outcomeWith(stays), reserves }, signal);
    // The queue tries again later, and tells of it.
    if (refusal) throw refusal;
    return again;
  }

  async #exchange(view: ServiceView, wants: Wants, outcome: Outcome, signal: AbortSignal): Promise<Exchange> {
    const { log, ask } = this.#deps;
    const exchange = exchangeFor(view, wants, outcome, this.#deps);
    const { step, leaves } = exchange;
    if (step.kind === 'leave')
      log.info({ service: view.key, addresses: leaves.map(formatAddress) }, 'address left in an exchange');
    if (step.kind === 'wait') ask(step.first);
    for (const { address, eip } of step.kind === 'reserve' ? step.places : []) {
      await this.#claimerFor(view).retake(address, eip, reservation(this.#claimant(view, wants)), signal);
    }
    return exchange;
  }

  /** It can't be read. */
  #keep(view: ServiceView, problems: readonly Problem[], signal: AbortSignal): Promise<Again | undefined> {
    const plain = wantsWithoutWishes(view.service);
    if (!plain) throw new Error(`Cannot judge Service "${view.key}": it asks for nothing`);
    return this.#settle(
      view,
      undefined,
      decideInvalid(problems, view.holdings, plain, asStoredIn(this.#deps.world)),
      signal,
    );
  }

  /** Publishes, and then sees to the claims. */
  async #settle(
    view: ServiceView,
    wants: Wants | undefined,
    outcome: Outcome,
    signal: AbortSignal,
  ): Promise<Again | undefined> {
    const { world } = this.#deps;
    if (!(await this.#upkeep.bindFirst(view, wants, outcome, signal))) return { againAfterMs: 0 };
    const decision = decideService(
      {
        service: view.service,
        holdings: view.holdings,
        token: tokenShown(outcome.uses[0]?.address, view.holdings, world.tokenOf(view.service)),
        isByDefault: view.isByDefault,
        isTakenByOthers: (address) => world.isTakenByOthers(address, view.service),
        isOfEip: (address) => world.isOfEip(address),
        announcedOf: (addresses) => this.#deps.announcedOf(view.service, addresses),
        waitsSince: this.#waitsSince(view),
      },
      outcome,
    );
    this.#account(view, outcome, decision);
    const again = await this.#writer.write(view, decision, signal);
    if (again) return again;
    return this.#upkeep.run(view, wants, outcome, signal);
  }

  /** Not ours, or not any more. */
  async #leave(view: ServiceView, signal: AbortSignal): Promise<Again | undefined> {
    this.#stopWaiting(view.key);
    const isOfEip = (address: Address): boolean => this.#deps.world.isOfEip(address);
    const again = await this.#writer.write(view, decideLeaving({ ...view, isOfEip }), signal);
    if (again) return again;
    return this.#upkeep.run(view, undefined, undefined, signal);
  }

  /** It is being deleted, and somebody else's finalizer may keep it for a while: it keeps what it has and gets nothing new. */
  async #letGo({ key, service }: ServiceView, signal: AbortSignal): Promise<undefined> {
    this.#stopWaiting(key);
    const body = finalizersOnlyPatch(service);
    if (body) await this.#writer.patch(service, body, signal);
  }

  /** Waits for the caches, or asks the API server whether an Eip is really gone, and not with its CRD. Nothing of the Service is touched before. */
  async #makeSure({ key }: ServiceView, unsure: Unsure, signal: AbortSignal): Promise<Again> {
    const { world, client } = this.#deps;
    if (unsure.kind === 'eips') {
      if (await world.eips.confirm(unsure.names, client, signal)) return { againAfterMs: 0 };
    }
    return { againAfterMs: this.#patience.next(`${key} behind`, BEHIND_MS) };
  }

  /** @returns whether there was something to claim; then everything is looked at anew. */
  async #reclaim(view: ServiceView, signal: AbortSignal): Promise<boolean> {
    const claimer = this.#claimerFor(view);
    // One for all, though none may be known: made anew each time, the families would have different ones.
    const isDone = await reclaimPublished(view, { ...this.#deps, claimer, token: this.#tokenForNew(view) }, signal);
    // Whoever would share one of them can be judged now.
    if (isDone === 'shared') this.#deps.turns.freed();
    return isDone !== 'nothing';
  }

  /** Claims of Services that never came give way to this one, if it has all that it asks for then. @returns whether anything has changed. */
  async #takeOver(view: ServiceView, wants: Wants, signal: AbortSignal): Promise<boolean> {
    const { world, strays } = this.#deps;
    const claims = strays.givingWayTo(view.service.metadata.namespace ?? '');
    if (claims.length === 0) return false;
    const claimant = this.#claimant(view, wants);
    const situation = situationFor(view, claimant, world);
    const choice = choose(wants, { ...situation, taken: new TakenButFor(situation.taken, claims) });
    if (choice.kind !== 'assigned') return false;
    const names = choice.given.map(({ address }) => claimName(address));
    const taken = claims.filter(({ metadata: { name = '' } }) => names.includes(name));
    const claimer = this.#claimerFor(view);
    const ends = await Promise.all(
      taken.map((claim) => strays.take(claim, () => claimer.takeOver(claim, claimant.holder), signal)),
    );
    const { token } = claimant.holder;
    // One of two families is of no use by itself.
    if (ends.includes(false)) {
      for (const [i, { metadata }] of taken.entries()) {
        const address = ends[i] ? claimAddress(metadata.name ?? '') : undefined;
        if (address)
          await claimer.release(address, (holder) => holder.token === token && isBoundTo(holder, view.service));
      }
    }
    return taken.length > 0;
  }

  /** Somebody who has waited longer, and was not asked yet since something came free, would take one of the addresses. */
  #mustStepBack(view: ServiceView, choice: Choice & { kind: 'assigned' }): boolean {
    const { turns, world, config } = this.#deps;
    const self = waitingOf(view.service, waitingSinceOf(view.service) ?? this.#waitsSince(view), false);
    const wanted = choice.given.filter(({ how }) => how === 'free');
    const isTheirTurn = turns.before(self).some(({ key }) => {
      const service = world.services.get(key);
      const other = service && viewOf(service, world, config);
      if (other?.parsed.kind !== 'wants' || other.unsure) return false;
      const beyond = wantsBeyond(other.parsed.wants, other.pinned);
      const theirs = beyond && this.#preview(other, beyond);
      if (theirs?.kind !== 'assigned') return false;
      return theirs.given.some(({ address }) => wanted.some((mine) => sameAddress(mine.address, address)));
    });
    if (isTheirTurn) turns.stepBack(self);
    return isTheirTurn;
  }

  #preview(view: ServiceView, wants: Wants): Choice {
    return this.#claimerFor(view).preview(this.#claimant(view, wants));
  }

  #claimerFor(view: ServiceView): Claimer {
    const { client, world } = this.#deps;
    const situation = (claimant: Claimant): Situation => situationFor(view, claimant, world);
    return new Claimer({ client, ledger: world.ledger, situation });
  }

  #claimant(view: ServiceView, wants: Wants): Claimant {
    return claimantFor(view, wants, this.#tokenForNew(view), this.#deps.nowMs());
  }

  /** One token for all claims of a Service; a new one where the annotation's is another Service's. */
  #tokenForNew({ service, holdings }: ServiceView): string {
    const { world, newToken } = this.#deps;
    const [first] = holdings;
    if (first) return first.own.token;
    const token = world.tokenOf(service);
    const isHolder = world.isHolder(service);
    const namespace = service.metadata.namespace ?? '';
    const isForeign =
      token !== undefined &&
      world.ledger
        .heldByToken(namespace, token)
        .some(({ spec }) => spec.holders.some((holder) => holder.token === token && !isHolder(holder)));
    return token === undefined || isForeign ? newToken() : token;
  }

  #waitsSince({ service, key }: ServiceView): string {
    const { wasThere, nowMs } = this.#deps;
    const created = Date.parse(service.metadata.creationTimestamp ?? '');
    const sinceMs = wasThere(key) && !isJudged(service) && Number.isFinite(created) ? created : nowMs();
    return new Date(sinceMs).toISOString();
  }

  /** Before the first write: whoever is looked at meanwhile finds this Service in its place among those who wait. */
  #account({ service, key }: ServiceView, outcome: Outcome, { marks }: ServiceDecision): void {
    const { waiting, metrics } = this.#deps;
    const { waits, waitsFor } = outcome;
    if (waits === 'no') waiting.delete(key);
    else waiting.set(waitingOf(service, marks[WAITING_SINCE_ANNOTATION], waits === 'may'), waitsFor);
    metrics.service(key, outcome.hasAddress ? 'assigned' : 'pending', outcome.reason);
  }
}

function isBoundTo({ uid }: ClaimHolder, { metadata }: Service): boolean {
  return uid !== undefined && uid === metadata.uid;
}

/** It publishes something that it does not hold. At rest nobody does, and nothing is waited for. */
function isUnclaimed({ service, holdings, parsed }: ServiceView): boolean {
  if (parsed.kind === 'notOurs') return false;
  return publishedAddresses(service).some((address) => !holdings.some((held) => sameAddress(held.address, address)));
}
