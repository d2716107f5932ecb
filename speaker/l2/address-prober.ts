/** Probes for addresses on the wire, and keeps each result for as long as the result is valid. At most one probe for an address runs at a time. */

import type { ProbeResult } from '../../lib/layer2/decide-owner.ts';
import { formatAddress } from '../../lib/net/address.ts';
import type { Clock } from '../../lib/process/clock.ts';
import type { Logger } from '../../lib/process/log.ts';
import type { Layer2Address, OtherOwner } from './link/link.ts';
import type { ResponderPort } from './link/responder-port.ts';

export interface AddressProberOptions {
  readonly responder: Pick<ResponderPort, 'probe'>;
  /** There is a new result. */
  readonly onChange: () => void;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly log: Logger;
}

export interface ProbeRequest {
  readonly text: string;
  /** The address, on each link on which this node would answer for it. */
  readonly targets: readonly Layer2Address[];
}

/** The validity of `free`: this node is to take the address at once. */
const FREE_FOR_MS = 500;
/** The validity of `answered`. Then the prober may probe again. */
const ANSWERED_FOR_MS = 1_000;
/** A machine that has answered once may only be busy. The address is free after so many probes in a row without an answer. */
const SILENCES_AFTER_ANSWER = 3;

export class AddressProber {
  readonly #options: AddressProberOptions;
  readonly #underWay = new Set<string>();
  /** For addresses that a machine has answered for: the number of probes without an answer since. */
  readonly #unanswered = new Map<string, number>();
  readonly #results = new Map<
    string,
    { readonly result: ProbeResult; readonly untilMs: number; readonly owners: readonly OtherOwner[] }
  >();

  constructor(options: AddressProberOptions) {
    this.#options = options;
  }

  /** The results that are valid now. */
  results(): ReadonlyMap<string, ProbeResult> {
    const nowMs = this.#options.clock.monotonicMs();
    for (const [text, { untilMs }] of this.#results) if (untilMs <= nowMs) this.#results.delete(text);
    return new Map([...this.#results].map(([text, { result }]) => [text, result]));
  }

  /** The machines that answered the last probe. */
  ownersFound(text: string): readonly OtherOwner[] {
    return this.#results.get(text)?.owners ?? [];
  }

  /** The end of the first result's validity. */
  get nextMs(): number {
    return Math.min(...[...this.#results.values()].map(({ untilMs }) => untilMs), Number.POSITIVE_INFINITY);
  }

  /** This node has taken the address, or no longer needs to know. */
  forget(text: string): void {
    this.#results.delete(text);
    this.#unanswered.delete(text);
  }

  /** Probes at once for all addresses for which no probe runs. */
  probe(requests: readonly ProbeRequest[], signal: AbortSignal): void {
    const fresh = requests.filter(({ text }) => !this.#underWay.has(text));
    if (fresh.length === 0) return;
    for (const { text } of fresh) this.#underWay.add(text);
    void this.#probeAll(fresh, signal);
  }

  async #probeAll(requests: readonly ProbeRequest[], signal: AbortSignal): Promise<void> {
    const { responder, onChange, clock, log } = this.#options;
    try {
      const found = await responder.probe(
        requests.flatMap(({ targets }) => targets),
        signal,
      );
      const nowMs = clock.monotonicMs();
      const ownersOf = Map.groupBy(found, ({ address }) => formatAddress(address));
      for (const { text } of requests) {
        const owners = ownersOf.get(text) ?? [];
        const isAnswered = owners.length > 0;
        if (!this.#isConclusive(text, isAnswered)) continue;
        const untilMs = nowMs + (isAnswered ? ANSWERED_FOR_MS : FREE_FOR_MS);
        this.#results.set(text, { result: isAnswered ? 'answered' : 'free', untilMs, owners });
      }
    } catch (err) {
      if (!signal.aborted) log.warn({ err }, 'could not probe for addresses');
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
