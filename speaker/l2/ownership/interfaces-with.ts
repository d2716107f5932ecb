/** On which interfaces this node has an address, `lo` and tunnels among them: the kernel may answer for what is there by any other interface. */
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
