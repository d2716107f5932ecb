/** A BFD session that this node is to have with another one. */
import type { Address } from '../net/address.ts';

export interface BfdNeighbor {
  /** Of the node. */
  readonly name: string;
  readonly address: Address;
  /** This node's end. */
  readonly local: Address;
  /** On a network of this node: nothing from further away is taken for it (RFC 5881 §5). Else it is some hops away (RFC 5883). */
  readonly isDirect: boolean;
}
