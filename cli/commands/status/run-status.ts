/** Reads the cluster for `status`, and reports. */
import { clusterStatus } from '../../../lib/explain/cluster-status.ts';
import { readCluster } from '../../cluster/read-cluster.ts';
import { EXIT } from '../../exit-codes.ts';
import type { Report } from '../../output/report.ts';
import type { Session } from '../../session/session.ts';
import { statusText } from './status-text.ts';

export async function runStatus(session: Session, options: { readonly all?: boolean }): Promise<Report> {
  const { client, namespace, onlyNamespace, signal } = session;
  const cluster = await readCluster(client, {
    kinds: ['services', 'eips', 'bgpConfs', 'bgpPeers', 'speakers', 'nodes'],
    select: { services: { namespace: onlyNamespace } },
    namespace,
    signal,
  });
  const status = clusterStatus(cluster);
  const { problems, pending, unannounced } = status;
  const isFine = problems.length + pending.length + unannounced.length === 0;
  return {
    data: status,
    text: (view) => statusText(status, { all: options.all === true, nowMs: session.nowMs() }, view),
    exitCode: isFine ? EXIT.fine : EXIT.problem,
  };
}
