/** Eips against each other and against the networks of the cluster: nodes, pods, cluster IPs, routers. PURE. */
import type { Eip } from '../../api/eip/eip.ts';
import type { Pools } from '../../ipam/pools/pools.ts';
import type { Withheld } from '../../ipam/pools/withheld.ts';
import { rangeSize } from '../../net/range.ts';
import type { Finding } from '../finding.ts';

/** @param pools of all Eips. @param withheldFrom the addresses of an Eip that are never given. */
export function poolFindings(eips: readonly Eip[], pools: Pools, withheldFrom: (eip: Eip) => Withheld): Finding[] {
  return eips.flatMap((eip) => {
    const object = { kind: 'Eip', name: eip.name };
    const older = pools.overlapping.get(eip.name);
    const overlaps: Finding[] =
      older === undefined
        ? []
        : [
            {
              reason: 'Overlaps',
              object,
              message: `the Eip has addresses of the older Eip ${older}, and gives none`,
              remedy: 'change or delete one of the two',
            },
          ];
    return [...overlaps, ...aboutNetworks(eip, withheldFrom(eip))];
  });
}

function aboutNetworks(eip: Eip, withheld: Withheld): Finding[] {
  if (withheld.reserved === 0n) return [];
  const isAll = withheld.reserved === rangeSize(eip.range);
  return [
    {
      reason: 'AddressReserved',
      object: { kind: 'Eip', name: eip.name },
      message: withheld.text(),
      remedy: isAll ? 'give the Eip other addresses' : 'no action, or give the Eip addresses without them',
      ...(!isAll && { isNotice: true }),
    },
  ];
}
