/** `history` as text. PURE. */
import type { Holding } from '../../../lib/ipam/history/holdings.ts';
import type { Unread } from '../../../lib/snapshot/cluster-read.ts';
import { notesText } from '../../output/notes.ts';
import { tableOf } from '../../output/table.ts';
import type { View } from '../../output/view.ts';

export interface HistoryData {
  readonly address?: string;
  readonly holdings: readonly Holding[];
  /** The end of the oldest former holding that is known. */
  readonly reachesBackTo?: string;
  readonly unread: readonly Unread[];
}

export function historyText({ address, holdings, reachesBackTo, unread }: HistoryData, view: View): string {
  const isAddress = address !== undefined;
  const head = [isAddress ? 'SERVICE' : 'ADDRESS', 'EIP', 'FROM', 'UNTIL', 'GIVEN', 'TAKEN'];
  const rows = holdings.map((holding) => [
    isAddress ? `${holding.namespace}/${holding.name}` : holding.address,
    holding.eip,
    `${holding.given === 'FoundPublished' ? 'before ' : ''}${timeText(holding.from)}`,
    holding.to === undefined ? view.good('now') : timeText(holding.to),
    holding.given,
    takenText(holding),
  ]);
  const nothing = isAddress
    ? 'No Service is known to have or have had the address.'
    : 'No address of the Service is known.';
  const reach =
    reachesBackTo === undefined
      ? 'No former holder of any address is recorded.'
      : `The history of former holders goes back to ${timeText(reachesBackTo)}.`;
  return [
    rows.length > 0 ? tableOf(head, rows, view) : nothing,
    ...(unread.length > 0 ? [] : [view.dim(reach)]),
    ...(unread.length > 0 ? [notesText(unread, view)] : []),
  ].join('\n\n');
}

function takenText({ taken, next = [] }: Holding): string {
  if (taken === undefined) return '';
  return next.length > 0 ? `${taken} (then ${next.join(', ')})` : taken;
}

/** To the second, in UTC. */
function timeText(rfc3339: string): string {
  const time = new Date(rfc3339);
  return Number.isNaN(time.getTime()) ? rfc3339 : time.toISOString().replace(/\.\d+Z$/, 'Z');
}
