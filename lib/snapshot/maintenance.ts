/** Maintenance of this node, as the plan needs it: the routes ask routers to prefer other nodes (RFC 8326), and some are withdrawn already. */
export interface Maintenance {
  /** Texts of addresses that this node announces no more, since other nodes do. */
  readonly withdrawn: ReadonlySet<string>;
  /** Addresses that would be announced by too few nodes without this one. */
  readonly kept: readonly KeptAddress[];
  /** Every route stays so far. */
  readonly isDraining: boolean;
  /** When that ends. Unix time. */
  readonly drainsUntilMs: number;
}

export interface KeptAddress {
  /** The address in canonical text. */
  readonly text: string;
  /** Keys of the Services that publish the address, at least one. */
  readonly services: readonly string[];
}
