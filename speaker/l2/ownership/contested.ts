/**
 * Addresses that somebody else announces while this node does not hear from the API server: others, who do, may have thought it dead and have taken them
 * over, and so it gives them up. PURE: time is passed in.
 *
 * Where none of the nodes hears from it, two that both have an address would give it up to each other. So to a node of a lower rank, which would give it up at once in the same
 * case, it is given up only when that one goes on with it.
 */
import { hashOf, rankOf } from './rendezvous.ts';

/** By then the other one is asked whether it goes on, and has answered. */
const GOES_ON_AFTER_MS = 2_000;
/** What was heard so long ago was another time. */
const FORGOTTEN_AFTER_MS = 30_000;

export class Contested {
  readonly #self: string;
  readonly #texts = new Set<string>();
  readonly #firstMs = new Map<string, number>();

  constructor(self: string) {
    this.#self = self;
  }

  get texts(): ReadonlySet<string> {
    return this.#texts;
  }

  /** @param node who it is, where that is known. */
  heard(text: string, node: string | undefined, nowMs: number): void {
    const firstMs = this.#firstMs.get(text) ?? Number.NEGATIVE_INFINITY;
    const isAnother = nowMs - firstMs >= FORGOTTEN_AFTER_MS;
    if (isAnother) this.#firstMs.set(text, nowMs);
    const goesOn = !isAnother && nowMs - firstMs >= GOES_ON_AFTER_MS;
    if (goesOn || node === undefined || !this.#outranks(node, text)) this.#texts.add(text);
  }

  /** The API server is there again, and says who has what. */
  clear(): void {
    this.#texts.clear();
    this.#firstMs.clear();
  }

  #outranks(node: string, text: string): boolean {
    const [own, others] = [this.#self, node].map((name) => rankOf(hashOf(name), hashOf(text))) as [number, number];
    return own > others || (own === others && this.#self < node);
  }
}
