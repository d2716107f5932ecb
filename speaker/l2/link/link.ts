/** A network interface of this node with ARP and neighbour discovery (Ethernet, VLAN, bond, bridge). */
import type { Address } from '../../../lib/net/address.ts';
import type { MacAddress } from '../frames/mac-address.ts';

export interface Link {
  readonly name: string;
  /** The kernel's `ifindex`; with another index, the same name is another interface. */
  readonly index: number;
  readonly mac: MacAddress;
  /** Up, and with a carrier. */
  readonly isUp: boolean;
  /** The addresses of the interface itself, for which the kernel answers. */
  readonly addresses: readonly Address[];
}

/** An address that this node answers ARP or neighbour solicitations for on an interface. */
export interface Layer2Address {
  readonly address: Address;
  readonly interface: string;
}

/** Another machine that uses an address. */
export interface OtherOwner extends Layer2Address {
  readonly mac: MacAddress;
}
