/** The networks of this node, by the addresses of its interfaces. */
import { networkInterfaces } from 'node:os';
import { type AddressRange, parseRange } from '../../../lib/net/range.ts';

/** Of interfaces that are up. */
export function nodeNetworks(interfaces = networkInterfaces()): readonly AddressRange[] {
  return Object.values(interfaces).flatMap((addresses) =>
    (addresses ?? []).flatMap(({ cidr, internal }) => {
      const parsed = cidr && !internal ? parseRange(cidr) : undefined;
      return parsed?.ok ? [parsed.range] : [];
    }),
  );
}
