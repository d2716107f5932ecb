/** A network interface of this node that ARP and neighbour discovery work on (Ethernet, VLAN, bond, bridge), and what may be said on it. */
import type { Address } from '../../../lib/net/address.ts';
import type { MacAddress } from '../frames/mac-address.ts';

export interface Link {
  readonly name: string;
  /** The kernel's `ifindex`; another one under the same name is another interface. */
  readonly index: number;
  readonly mac: MacAddress;
  /** Up, and with a carrier. */
  readonly isUp: boolean;
  /** The node's own, for which the kernel answers. */
  readonly addresses: readonly Address[];
}

/** An address that this node answers ARP or neighbour solicitations for on an interface. */
export interface Layer2Address {
  readonly address: Address;
  readonly interface: string;
}

/** Somebody else who says that an address is his. */
export interface OtherOwner extends Layer2Address {
  readonly mac: MacAddress;
}
