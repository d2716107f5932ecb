/**
 * The clocks of nodes against the clock of the API server. PURE. kubelet writes `renewTime` of the node's Lease by the clock of the node, and the API server notes the time
 * of the same write by its own clock in `metadata.managedFields`.
 */
import { managedFieldsOf } from '../../api/meta/object.ts';
import type { Lease } from '../../kube/election/lease.ts';
import type { Finding } from '../finding.ts';

/** The times of `managedFields` have whole seconds, and a request takes a moment. */
const TOLERATED_SECONDS = 5;

/** @param leases of the namespace `kube-node-lease`, named by their nodes. */
export function clockFindings(leases: readonly Lease[]): Finding[] {
  return leases.flatMap((lease) => {
    const aheadSeconds = secondsAhead(lease);
    if (aheadSeconds === undefined || Math.abs(aheadSeconds) <= TOLERATED_SECONDS) return [];
    const { name = '' } = lease.metadata;
    const far = `${Math.abs(aheadSeconds)} s ${aheadSeconds > 0 ? 'ahead of' : 'behind'}`;
    return [
      {
        reason: 'ClockSkew' as const,
        object: { kind: 'Node', name },
        message: `the clock of the node is ${far} the clock of the API server: certificates may count as not yet or no longer valid, and times in statuses are wrong`,
        remedy: 'have the node keep its time by NTP: chronyc tracking, or timedatectl, on the node',
      },
    ];
  });
}

function secondsAhead(lease: Lease): number | undefined {
  const renewedMs = Date.parse(lease.spec?.renewTime ?? '');
  const writtenMs = Math.max(...managedFieldsOf(lease).map(({ time = '' }) => Date.parse(time)));
  const seconds = Math.round((renewedMs - writtenMs) / 1000);
  return Number.isFinite(seconds) ? seconds : undefined;
}
