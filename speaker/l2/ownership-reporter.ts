/** Reports changes of owners on this node: in the log, in metrics, and in Events on the Services. */
import type { Reason } from '../../lib/api/reasons.ts';
import type { EventRecorder } from '../../lib/kube/events/events.ts';
import type { Decision } from '../../lib/layer2/decide-owner.ts';
import { type Layer2Candidate, sharingServicesOf } from '../../lib/layer2/layer2-candidate.ts';
import type { Logger } from '../../lib/process/log.ts';
import type { SpeakerMetrics } from '../metrics.ts';

export interface OwnershipReporterOptions {
  readonly nodeName: string;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly metrics: Pick<SpeakerMetrics, 'layer2Addresses' | 'layer2Changes'>;
  readonly log: Logger;
}

/** More changes at once share one log line with counts. */
const CHANGES_LOGGED_SINGLY = 20;

export class OwnershipReporter {
  readonly #options: OwnershipReporterOptions;
  #told = new Map<string, string>();
  #wanted: ReadonlyMap<string, Layer2Candidate> = new Map();

  constructor(options: OwnershipReporterOptions) {
    this.#options = options;
  }

  decided(decisions: readonly Decision[], wanted: ReadonlyMap<string, Layer2Candidate>): void {
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
  }

  /** While a probe runs, the former state stands. */
  #wordsFor({ text, action, reason }: Decision): string {
    return (action === 'probe' && this.#told.get(text)) || `${action} ${reason}`;
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
      OwnerLost: `${other} is lost`,
      OwnerLeaves: `${other} gives it up`,
      Rebalanced: `before ${other}`,
    };
    const why = from[reason as keyof typeof from];
    const note = `${nodeName} answers for ${text} from now on${why ? `: ${why}` : ''}`;
    // An address without an owner is announced from now on.
    const word = reason === 'NoOwner' ? 'Announced' : reason;
    for (const regarding of sharingServicesOf(this.#wanted.get(text))) {
      events.record({ regarding, type: 'Normal', reason: word, action: 'Announce', note, isTurn: true });
    }
  }
}

/** Whether an administrator may want to know. That another node keeps an address is no news. */
function isNews({ action, reason }: Decision): boolean {
  return action === 'take' || action === 'release' || reason === 'HandingOver' || reason === 'OwnerResponding';
}
