/** What is wrong with an Eip of whose addresses some are in use or reserved elsewhere in the cluster. Pure. */
import type { Eip } from '../../lib/api/eip/eip.ts';
import type { Problem } from '../../lib/api/problem.ts';
import type { Withheld } from '../../lib/ipam/pools/withheld.ts';
import { rangeText, sameRange } from '../../lib/net/range.ts';

export interface ReservedFindings {
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

const NOTHING: ReservedFindings = { problems: [], warnings: [] };

/**
 * Refused is an Eip that could give no address at all; of any other the rest is given.
 *
 * @param old as stored; what it says since before is not said again.
 */
export function reservedFindings(eip: Eip, old: Eip | undefined, withheld: Withheld): ReservedFindings {
  const { range } = eip;
  if (withheld.isEmpty || (old && asksForTheSame(eip, old))) return NOTHING;
  if (withheld.countUsable(range.first, range.last) === 0n) {
    const why = withheld.reserved > 0n ? withheld.sentences().join(', ') : 'all end in .0 or .255';
    const message = `has no address that can be given: ${why}; write others`;
    return { problems: [{ field: 'spec.address', value: rangeText(range), message }], warnings: [] };
  }
  return withheld.reserved === 0n ? NOTHING : { problems: [], warnings: [`spec.address: ${withheld.text()}`] };
}

function asksForTheSame(a: Eip, b: Eip): boolean {
  return sameRange(a.range, b.range) && a.protocol === b.protocol && a.avoidBuggyIPs === b.avoidBuggyIPs;
}
