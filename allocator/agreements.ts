/**
 * Where a Service and its entry in a claim say different things: does the Service's word count yet?
 *
 * With the webhook the claim is ahead for the length of an API call, and it is right for before and after (`under-way.ts`), since the call may fail; without it, the
 * Service is ahead until we write. What both said when they last agreed tells which of them has moved. PURE but for its memory.
 */

/** Only the claim has moved: an API call is under way, or has failed. The API server ends one after 34 s at most. */
export const LONGEST_CALL_MS = 40_000;
/** Both have moved: the update is stored; but another one may follow on its heels, and the webhook has 3 s for that. */
export const NEXT_CALL_MS = 4_000;

export type Agreement =
  | { readonly kind: 'same' }
  | { readonly kind: 'serviceCounts' }
  /** Look again then; of a call that failed nobody tells. */
  | { readonly kind: 'wait'; readonly untilMs: number };

interface Difference {
  readonly claimed: string;
  readonly wished: string;
  readonly sinceMs: number;
}

export class Agreements {
  readonly #agreed = new Map<string, string>();
  readonly #differences = new Map<string, Difference>();

  /**
   * @param id of the entry: Service and address.
   * @param claimed what the claim says, as comparable text.
   * @param wished what the Service says.
   */
  judge(id: string, claimed: string, wished: string, nowMs: number): Agreement {
    if (claimed === wished) {
      this.#agreed.set(id, claimed);
      this.#differences.delete(id);
      return { kind: 'same' };
    }
    const agreed = this.#agreed.get(id);
    if (agreed === claimed) return { kind: 'serviceCounts' };
    const { sinceMs } = this.#noted(id, { claimed, wished, sinceMs: nowMs });
    const bothMoved = agreed !== undefined && agreed !== wished;
    const untilMs = sinceMs + (bothMoved ? NEXT_CALL_MS : LONGEST_CALL_MS);
    return nowMs >= untilMs ? { kind: 'serviceCounts' } : { kind: 'wait', untilMs };
  }

  /** To be called when the entry is gone. */
  forget(id: string): void {
    this.#agreed.delete(id);
    this.#differences.delete(id);
  }

  /** The same difference keeps its time; another one starts anew. */
  #noted(id: string, now: Difference): Difference {
    const before = this.#differences.get(id);
    if (before?.claimed === now.claimed && before.wished === now.wished) return before;
    this.#differences.set(id, now);
    return now;
  }
}
