/** Carries out what `decide-upkeep.ts` says about the claims of a Service that is there. */
import { claimName } from '../lib/api/claim.ts';
import type { Wants } from '../lib/api/wants.ts';
import { Claimer } from '../lib/ipam/claimer.ts';
import type { Holding } from '../lib/ipam/holding.ts';
import { formatAddress, sameAddress } from '../lib/net/address.ts';
import type { Again } from '../lib/process/level-loop.ts';
import { Agreements } from './agreements.ts';
import { renewEntry, sameEntry } from './claim-writer.ts';
import type { Outcome } from './decide-outcome.ts';
import { decideUpkeep, type Upkeep } from './decide-upkeep.ts';
import { type ClaimedWish, isOnlyBound, keptWish, wishIn, wishOf, wishText } from './holder.ts';
import { isOfFormer, wantsAsHeld } from './holdings.ts';
import type { Later } from './later.ts';
import type { Deps } from './ports.ts';
import { type ServiceView, wantsWithoutWishes } from './service-view.ts';
import type { StrayClaims } from './stray-claims.ts';

/** Who lost a race looks again at once; by then the ledger knows what the other has written. */
const AT_ONCE: Again = { againAfterMs: 1 };

export interface UpkeepDeps extends Deps {
  readonly later: Pick<Later, 'mayNow'>;
  readonly strays: StrayClaims;
}

export class ServiceUpkeep {
  readonly #deps: UpkeepDeps;
  readonly #agreements = new Agreements();

  constructor(deps: UpkeepDeps) {
    this.#deps = deps;
  }

  /**
   * Binds entries that this Service could lose otherwise. To be done before anything is published on the strength of them. One of a former
   * Service of this name: whoever still thinks that Service gone, a leader of before, say, whose write is late, may release it at any moment. One without a
   * name: only the token on the Service tells whose it is, and anybody who edits the Service may take that off. One that is being taken over, since its Service came late.
   *
   * @returns false where there was one; then everything is to be looked at anew.
   */
  async bindFirst(
    view: ServiceView,
    wants: Wants | undefined,
    outcome: Outcome,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { uid } = view.service.metadata;
    const { beingTaken } = this.#deps.world;
    const mustBind = ({ own, address }: Pick<Holding, 'own' | 'address'>): boolean =>
      own.name === undefined || isOfFormer(own, uid) || (own.uid === undefined && beingTaken.has(claimName(address)));
    // Chosen a moment ago and gone since: it was taken over, or deleted by hand.
    const isHeld = ({ address }: Outcome['uses'][number]): boolean =>
      view.holdings.some((holding) => sameAddress(holding.address, address));
    if (!outcome.uses.every(isHeld)) return false;
    if (!view.holdings.some(mustBind)) return true;
    const { renew } = this.#decide(view, wants, outcome);
    const bound = renew.filter(mustBind);
    await this.#renew(view, bound, signal);
    return bound.length === 0;
  }

  /** @param outcome absent for a Service that is not ours. */
  async run(
    view: ServiceView,
    wants: Wants | undefined,
    outcome: Outcome | undefined,
    signal: AbortSignal,
  ): Promise<Again | undefined> {
    const upkeep = this.#decide(view, wants, outcome);
    const canWait =
      upkeep.renew.length > 0 && upkeep.renew.every(({ own, next }) => next === own || isOnlyBound(own, next));
    const isDone = (canWait && !this.#deps.later.mayNow(view.key)) || (await this.#renew(view, upkeep.renew, signal));
    await this.#release(view, upkeep, signal);
    if (!isDone) return AT_ONCE;
    const { againAtMs } = upkeep;
    return Number.isFinite(againAtMs) ? { againAfterMs: Math.max(1, againAtMs - this.#deps.nowMs()) } : undefined;
  }

  /** The Service is no more. */
  forget(key: string): void {
    this.#agreements.forgetService(key);
  }

  #decide({ service, holdings, key }: ServiceView, wants: Wants | undefined, outcome: Outcome | undefined): Upkeep {
    const { world, nowMs, monotonicMs } = this.#deps;
    const now = nowMs();
    const monotonic = monotonicMs();
    const plain = wants ? undefined : wantsWithoutWishes(service);
    const wishAt = (holding: Holding): ClaimedWish => {
      const { own, address } = holding;
      if (wants) return outcome?.waits === 'must' ? keptWish(wishOf(wants, address), own) : wishOf(wants, address);
      return plain ? keptWish(wishOf(wantsAsHeld(plain, holding), address), own) : wishIn(own);
    };
    return decideUpkeep({
      service,
      serviceToken: world.tokenOf(service),
      wishAt,
      holdings,
      outcome,
      agreementOn: (holding: Holding) => {
        const claimed = wishText(wishIn(holding.own));
        const wished = wishText(wishAt(holding));
        const agreement = this.#agreements.judge(key, formatAddress(holding.address), claimed, wished, monotonic);
        return agreement.kind === 'wait' ? { ...agreement, untilMs: agreement.untilMs - monotonic + now } : agreement;
      },
      seenMs: ({ claim, own }) => world.sightings.seenMs(claim, own),
      nowMs: now,
      graceMsOf: ({ claim, own }) => this.#deps.strays.graceMs(claim, own),
    });
  }

  /** @returns false where a claim changed meanwhile, and has to be judged again. */
  async #renew({ holdings }: ServiceView, renew: Upkeep['renew'], signal: AbortSignal): Promise<boolean> {
    const { client, world } = this.#deps;
    let isDone = true;
    for (const change of renew) {
      const claim = holdings.find(({ own }) => own === change.own)?.claim;
      if (claim) isDone = (await renewEntry(client, world.ledger, claim, change, signal)) && isDone;
    }
    return isDone;
  }

  async #release({ key }: ServiceView, { release }: Upkeep, signal: AbortSignal): Promise<void> {
    const { client, world, log } = this.#deps;
    const claimer = new Claimer({ client, ledger: world.ledger, situation: noSituation });
    for (const { address, own, reason } of release) {
      if (signal.aborted) return;
      await claimer.release(address, sameEntry(own));
      this.#agreements.forget(key, formatAddress(address));
      log.info({ service: key, address: formatAddress(address), reason }, 'address released');
    }
  }
}

/** A claimer that only releases asks for none. */
export function noSituation(): never {
  throw new Error('Cannot choose an address: this claimer only releases');
}
