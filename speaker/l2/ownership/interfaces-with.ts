/** The interfaces of this node that have an address, with `lo` and tunnels: the kernel may answer for such an address on any other interface. */
import { networkInterfaces } from 'node:os';
import { parseAddress, sameAddress } from '../../../lib/net/address.ts';

/** @param text of the address. */
export function interfacesWith(text: string): readonly string[] {
  const address = parseAddress(text);
  return Object.entries(networkInterfaces()).flatMap(([name, its = []]) =>
    its.some((one) => {
      const own = parseAddress(one.address);
      return own !== undefined && address !== undefined && sameAddress(own, address);
    })
      ? [name]
      : [],
  );
}
