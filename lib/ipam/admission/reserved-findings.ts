/** Problems of an Eip that has addresses in use or reserved elsewhere in the cluster. Pure. */
import type { Eip } from '../../api/eip/eip.ts';
import type { Problem } from '../../api/problem.ts';
import { rangeText, sameRange } from '../../net/range.ts';
import type { Withheld } from '../pools/withheld.ts';

export interface ReservedFindings {
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

const NOTHING: ReservedFindings = { problems: [], warnings: [] };

/**
 * An Eip without any usable address is refused. An Eip with some usable addresses gives these.
 *
 * @param old as stored; a finding of the stored Eip is not repeated.
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
