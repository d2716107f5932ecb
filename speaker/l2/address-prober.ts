/** What was asked on the wire and what came of it, for as long as that is worth something. Two of this are never under way for one address. */
import { formatAddress } from '../../lib/net/address.ts';
import type { Clock } from '../../lib/process/clock.ts';
import type { Logger } from '../../lib/process/log.ts';
import type { Layer2Address, OtherOwner } from './link/link.ts';
import type { ResponderPort } from './link/responder-port.ts';
import type { ProbeResult } from './ownership/decide-owner.ts';

export interface AddressProberOptions {
  readonly responder: Pick<ResponderPort, 'probe'>;
  /** There is an answer, or one is worth nothing any more. */
  readonly onChange: () => void;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly log: Logger;
}

export interface ProbeRequest {
  readonly text: string;
  /** The address on each link where it would be answered for. */
  readonly places: readonly Layer2Address[];
}

/** Nobody answered: true of this moment, in which it is to be taken. */
const FREE_FOR_MS = 500;
/** Somebody answered: he is asked again after this. */
const ANSWERED_FOR_MS = 1_000;
/** Whoever answered once may only be busy: he has to leave so many questions in a row without an answer. */
const SILENCES_AFTER_ANSWER = 3;

export class AddressProber {
  readonly #options: AddressProberOptions;
  readonly #underWay = new Set<string>();
  /** Of those who answered once, how many questions in a row they have not answered since. */
  readonly #unanswered = new Map<string, number>();
  readonly #answers = new Map<
    string,
    { readonly asked: ProbeResult; readonly untilMs: number; readonly by: readonly OtherOwner[] }
  >();

  constructor(options: AddressProberOptions) {
    this.#options = options;
  }

  /** Answers that count now. */
  answers(): ReadonlyMap<string, ProbeResult> {
    const nowMs = this.#options.clock.monotonicMs();
    for (const [text, { untilMs }] of this.#answers) if (untilMs <= nowMs) this.#answers.delete(text);
    return new Map([...this.#answers].map(([text, { asked }]) => [text, asked]));
  }

  /** Who answered. */
  whoAnswered(text: string): readonly OtherOwner[] {
    return this.#answers.get(text)?.by ?? [];
  }

  /** When the next answer is worth nothing any more. */
  get nextMs(): number {
    return Math.min(...[...this.#answers.values()].map(({ untilMs }) => untilMs), Number.POSITIVE_INFINITY);
  }

  /** It was taken, or is not wanted any more. */
  forget(text: string): void {
    this.#answers.delete(text);
    this.#unanswered.delete(text);
  }

  /** Asks all that is not being asked already, in one go. */
  ask(requests: readonly ProbeRequest[], signal: AbortSignal): void {
    const fresh = requests.filter(({ text }) => !this.#underWay.has(text));
    if (fresh.length === 0) return;
    for (const { text } of fresh) this.#underWay.add(text);
    void this.#askAll(fresh, signal);
  }

  async #askAll(requests: readonly ProbeRequest[], signal: AbortSignal): Promise<void> {
    const { responder, onChange, clock, log } = this.#options;
    try {
      const owners = await responder.probe(
        requests.flatMap(({ places }) => places),
        signal,
      );
      const nowMs = clock.monotonicMs();
      const answersOf = Map.groupBy(owners, ({ address }) => formatAddress(address));
      for (const { text } of requests) {
        const by = answersOf.get(text) ?? [];
        const isAnswered = by.length > 0;
        if (!this.#isConclusive(text, isAnswered)) continue;
        const untilMs = nowMs + (isAnswered ? ANSWERED_FOR_MS : FREE_FOR_MS);
        this.#answers.set(text, { asked: isAnswered ? 'answered' : 'free', untilMs, by });
      }
    } catch (err) {
      if (!signal.aborted) log.warn({ err }, 'could not ask for addresses');
    } finally {
      for (const { text } of requests) this.#underWay.delete(text);
      if (!signal.aborted) onChange();
    }
  }

  #isConclusive(text: string, isAnswered: boolean): boolean {
    const unanswered = this.#unanswered.get(text);
    if (isAnswered) this.#unanswered.set(text, 0);
    else if (unanswered !== undefined) this.#unanswered.set(text, unanswered + 1);
    return isAnswered || unanswered === undefined || unanswered + 1 >= SILENCES_AFTER_ANSWER;
  }
}
