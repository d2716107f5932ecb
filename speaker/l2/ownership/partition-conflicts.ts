/**
 * Conflicts heard on the wire while the API server does not answer this node. Other nodes that do reach it may hold this node for dead and may have taken
 * its addresses over, so this node ceases to use these addresses (RFC 5227 §2.4, case a). Pure: time is an argument.
 *
 * If no node reaches the API server, two nodes with one address would both cease to use it. A node therefore yields to a node of lower rank only if
 * that one still uses the address after {@link STILL_IN_USE_AFTER_MS}: in the same situation the node of lower rank yields at once.
 */
import { hashOf, rankOf } from '../../../lib/announce/rendezvous.ts';

/** By then this node has probed for the address, and the other node has answered. */
const STILL_IN_USE_AFTER_MS = 2_000;
/** A conflict that was last heard so long ago is over. */
const FORGOTTEN_AFTER_MS = 30_000;

export class PartitionConflicts {
  readonly #self: string;
  readonly #addresses = new Set<string>();
  readonly #firstMs = new Map<string, number>();

  constructor(self: string) {
    this.#self = self;
  }

  /** Texts of the addresses that this node ceases to use. */
  get addresses(): ReadonlySet<string> {
    return this.#addresses;
  }

  /** @param node that has the address, if it is a node of the cluster. */
  heard(text: string, node: string | undefined, nowMs: number): void {
    const firstMs = this.#firstMs.get(text) ?? Number.NEGATIVE_INFINITY;
    const isAnother = nowMs - firstMs >= FORGOTTEN_AFTER_MS;
    if (isAnother) this.#firstMs.set(text, nowMs);
    const isStillInUse = !isAnother && nowMs - firstMs >= STILL_IN_USE_AFTER_MS;
    if (isStillInUse || node === undefined || !this.#outranks(node, text)) this.#addresses.add(text);
  }

  /** The API server answers again, and says which node has what. */
  clear(): void {
    this.#addresses.clear();
    this.#firstMs.clear();
  }

  #outranks(node: string, text: string): boolean {
    const [own, others] = [this.#self, node].map((name) => rankOf(hashOf(name), hashOf(text))) as [number, number];
    return own > others || (own === others && this.#self < node);
  }
}
