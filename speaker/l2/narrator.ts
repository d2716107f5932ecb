/** Tells people what happened to addresses of layer 2 on this node: in the log, in metrics, and in Events on the Services. */
import type { Reason } from '../../lib/api/reasons.ts';
import type { EventRecorder } from '../../lib/kube/events.ts';
import { formatAddress } from '../../lib/net/address.ts';
import type { Clock } from '../../lib/process/clock.ts';
import type { Logger } from '../../lib/process/log.ts';
import type { SpeakerMetrics } from '../metrics.ts';
import { ConflictsSeen } from './conflicts-seen.ts';
import { formatMac } from './frames/mac-address.ts';
import type { OtherOwner } from './link.ts';
import type { Decision } from './owner.ts';
import type { Sharer, Wanted } from './wanted.ts';

export interface NarratorOptions {
  readonly nodeName: string;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly metrics: Pick<SpeakerMetrics, 'layer2Addresses' | 'layer2Changes' | 'layer2Conflicts'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly log: Logger;
}

/** More changes than this at once are counted in one line. */
const CHANGES_LOGGED_SINGLY = 20;

export class Narrator {
  readonly #options: NarratorOptions;
  readonly #conflicts = new ConflictsSeen();
  #told = new Map<string, string>();
  #wanted: ReadonlyMap<string, Wanted> = new Map();

  constructor(options: NarratorOptions) {
    this.#options = options;
  }

  /** Machines that have an address of ours, and go on with it. */
  get conflicts(): readonly OtherOwner[] {
    return this.#conflicts.lasting(this.#options.clock.monotonicMs());
  }

  /** @param whoAnswered when an address was asked for. */
  decided(
    decisions: readonly Decision[],
    wanted: ReadonlyMap<string, Wanted>,
    whoAnswered: (text: string) => OtherOwner | undefined,
  ): void {
    const { metrics } = this.#options;
    this.#wanted = wanted;
    const told = new Map(decisions.map((one) => [one.text, this.#wordsFor(one)]));
    const news = decisions.filter((one) => isNews(one) && this.#told.get(one.text) !== told.get(one.text));
    this.#told = told;
    for (const { reason } of news) metrics.layer2Changes.inc({ reason });
    const holds = decisions.filter(({ action }) => action === 'hold' || action === 'take');
    metrics.layer2Addresses.set(holds.length);
    this.#log(news);
    for (const one of news) if (one.action === 'take') this.#tellOfMove(one);
    for (const { text, reason } of decisions) {
      const other = reason === 'AddressConflict' ? whoAnswered(text) : undefined;
      if (other) this.#note(other);
    }
  }

  /** Somebody says that he has what is answered for here. */
  conflict(other: OtherOwner): void {
    this.#options.metrics.layer2Conflicts.inc();
    this.#note(other);
  }

  /** While it is asked again, what was said before stands. */
  #wordsFor({ text, action, reason }: Decision): string {
    return (action === 'ask' && this.#told.get(text)) || `${action} ${reason}`;
  }

  #log(news: readonly Decision[]): void {
    const { log } = this.#options;
    if (news.length > CHANGES_LOGGED_SINGLY) {
      const counts: Partial<Record<Reason, number>> = {};
      for (const { reason } of news) counts[reason] = (counts[reason] ?? 0) + 1;
      log.info({ counts }, 'layer 2 addresses changed');
      return;
    }
    for (const { text, action, reason, other } of news) {
      log.info({ address: text, action, reason, ...(other && { other }) }, 'layer 2 address changed');
    }
  }

  #tellOfMove({ text, reason, other }: Decision): void {
    const { nodeName, events } = this.#options;
    const from = {
      HolderLost: `${other} is lost`,
      HolderLeaves: `${other} gives it up`,
      Rebalanced: `before ${other}`,
    };
    const why = from[reason as keyof typeof from];
    const note = `${nodeName} answers for ${text} from now on${why ? `: ${why}` : ''}`;
    for (const { service } of this.#sharersOf(text)) {
      events.record({ regarding: referable(service), type: 'Normal', reason, action: 'Announce', note });
    }
  }

  #note(other: OtherOwner): void {
    const { events, clock, log } = this.#options;
    if (!this.#conflicts.note(other, clock.monotonicMs())) return;
    const text = formatAddress(other.address);
    const mac = formatMac(other.mac);
    const fields = { address: text, interface: other.interface, mac };
    log.warn({ ...fields, reason: 'AddressConflict' }, 'another machine has an address of ours');
    const note = `another machine, ${mac} on ${other.interface}, says that it has ${text}; find it, or take the address out of its Eip`;
    for (const { service } of this.#sharersOf(text)) {
      events.record({
        regarding: referable(service),
        type: 'Warning',
        reason: 'AddressConflict',
        action: 'Announce',
        note,
      });
    }
  }

  #sharersOf(text: string): readonly Sharer[] {
    return this.#wanted.get(text)?.sharers ?? [];
  }
}

/** What somebody may want to know; that another node goes on with an address is not. */
function isNews({ action, reason }: Decision): boolean {
  return action === 'take' || action === 'letGo' || reason === 'HandsOver' || reason === 'HolderAnswers';
}

/** Objects from a list come without their kind. */
function referable({ metadata }: Sharer['service']) {
  return { apiVersion: 'v1', kind: 'Service', metadata };
}
