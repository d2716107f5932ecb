/** Reads claims and AddressHistories for `history`, and reports. */
import { decodeEntries } from '../../../lib/ipam/history/entry-lines.ts';
import { holdingsOf } from '../../../lib/ipam/history/holdings.ts';
import { unreadIn } from '../../../lib/snapshot/cluster-read.ts';
import { readCluster } from '../../cluster/read-cluster.ts';
import { EXIT } from '../../exit-codes.ts';
import type { Report } from '../../output/report.ts';
import { CommandError } from '../../session/failure.ts';
import type { Session } from '../../session/session.ts';
import { historyQuery } from './history-query.ts';
import { historyText } from './history-text.ts';

export async function runHistory(session: Session, name: string): Promise<Report> {
  const { client, namespace, signal } = session;
  const query = historyQuery(name, namespace);
  if (!query) {
    throw new CommandError(
      `"${name}" is neither an IP address nor the name of a Service: write 192.0.2.7, or shop/web.`,
    );
  }
  const cluster = await readCluster(client, { kinds: ['eipClaims', 'addressHistories'], namespace, signal });
  const decoded = cluster.addressHistories.items.map(({ spec }) => decodeEntries(spec.entries));
  const entries = (await Promise.all(decoded)).flat();
  const holdings = holdingsOf(query, cluster.eipClaims.items, entries);
  const reachesBackTo = entries.map(({ to }) => to).sort()[0];
  const unread = unreadIn(cluster);
  const data = { ...query, holdings, ...(reachesBackTo !== undefined && { reachesBackTo }), unread };
  return { data, text: (view) => historyText(data, view), exitCode: EXIT.fine };
}
