/**
 * Decides whether the Service's request counts already if the Service and its holder in a claim differ.
 *
 * The webhook updates the claim before the API server stores the Service. During an update the claim is newer, and fits the Service before and after the update
 * (`merge-in-flight.ts`), since the call may fail. If the webhook is down, the Service is newer. This class remembers the last request on which both agreed: the side
 * that differs from it has changed. PURE but for its memory.
 */

/** Only the claim has changed: an API call is under way, or has failed. The API server ends a call after 34 s at most. */
export const LONGEST_CALL_MS = 40_000;
/** Both have changed: the update is stored. Another update may follow at once, for which the webhook has 3 s. */
export const NEXT_CALL_MS = 4_000;

export type InFlightUpdate =
  | { readonly kind: 'inSync' }
  | { readonly kind: 'useService' }
  /** The allocator reconciles the Service again at that time, since a failed call causes no event. */
  | { readonly kind: 'wait'; readonly untilMs: number };

interface Difference {
  readonly claimed: string;
  readonly requested: string;
  readonly sinceMs: number;
}

/** The memory of one holder in a claim. */
interface Memory {
  agreed?: string;
  difference?: Difference;
}

export class InFlightUpdates {
  /** By Service, then by address. */
  readonly #memories = new Map<string, Map<string, Memory>>();

  /**
   * @param claimed the request in the claim, as comparable text.
   * @param requested the request of the Service.
   * @param nowMs the time of the monotonic clock.
   */
  judge(service: string, address: string, claimed: string, requested: string, nowMs: number): InFlightUpdate {
    const memory = this.#memoryOf(service, address);
    if (claimed === requested) {
      memory.agreed = claimed;
      delete memory.difference;
      return { kind: 'inSync' };
    }
    const { agreed, difference } = memory;
    if (agreed === claimed) return { kind: 'useService' };
    // The same difference keeps its time. Another difference starts anew.
    const isSame = difference?.claimed === claimed && difference.requested === requested;
    const { sinceMs } = isSame ? difference : { sinceMs: nowMs };
    memory.difference = { claimed, requested, sinceMs };
    const bothMoved = agreed !== undefined && agreed !== requested;
    const untilMs = sinceMs + (bothMoved ? NEXT_CALL_MS : LONGEST_CALL_MS);
    return nowMs >= untilMs ? { kind: 'useService' } : { kind: 'wait', untilMs };
  }

  /** The holder is gone. */
  forget(service: string, address: string): void {
    const memories = this.#memories.get(service);
    memories?.delete(address);
    if (memories?.size === 0) this.#memories.delete(service);
  }

  /** The Service is gone. */
  forgetService(service: string): void {
    this.#memories.delete(service);
  }

  #memoryOf(service: string, address: string): Memory {
    const memories = this.#memories.get(service) ?? new Map<string, Memory>();
    this.#memories.set(service, memories);
    const memory = memories.get(address) ?? {};
    memories.set(address, memory);
    return memory;
  }
}
