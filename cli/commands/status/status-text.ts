/** `status` as text. Without `--all` it fits one screen in a cluster of any size: the first rows of each table, and the number of the others. PURE. */
import { quantityText } from '../../../lib/api/count.ts';
import type { ClusterStatus, NodeUse, PoolUse, ServiceProblem } from '../../../lib/explain/cluster-status.ts';
import { ageText } from '../../output/age.ts';
import { notesText } from '../../output/notes.ts';
import { tableOf } from '../../output/table.ts';
import type { View } from '../../output/view.ts';

export interface StatusTextOptions {
  readonly all: boolean;
  readonly nowMs: number;
}

/** Rows of each table without `--all`. */
const MOST_ROWS = 6;

export function statusText(status: ClusterStatus, { all, nowMs }: StatusTextOptions, view: View): string {
  const table = (title: string, head: readonly string[], rows: readonly (readonly string[])[]): string => {
    const shown = all ? rows : rows.slice(0, MOST_ROWS);
    const rest = rows.length - shown.length;
    const more = rest > 0 ? `\n${view.dim(`… and ${rest} more (--all)`)}` : '';
    return `${view.bold(title)}\n${tableOf(head, shown, view)}${more}`;
  };
  const { problems, pending, unannounced, pools, nodes } = status;
  const problemRows = problems.map(({ object, reason, message }) => [view.bad('✗'), object, reason, message]);
  const ofServices = (title: string, all: readonly ServiceProblem[]): string[] => {
    const rows = all.map(({ service, reason, since, message }) => [service, reason, ageText(since, nowMs), message]);
    return rows.length > 0 ? [table(title, ['SERVICE', 'REASON', 'SINCE', 'MESSAGE'], rows)] : [];
  };
  const poolRows = [...pools]
    .sort((a, b) => b.waiting - a.waiting || b.used / b.size - a.used / a.size)
    .map((pool) => [pool.eip, pool.address, pool.protocol, `${pool.used}`, freeText(pool), `${pool.waiting}`]);
  // The problems tell of kinds that are not installed.
  const forbidden = status.unread.filter(({ reason }) => reason === 'Forbidden');
  const parts = [
    summaryOf(status, view),
    ...(problemRows.length > 0 ? [table('Problems', ['', 'OBJECT', 'REASON', 'MESSAGE'], problemRows)] : []),
    ...ofServices('Services without an address', pending),
    ...ofServices('Services with an address that is not announced as it should be', unannounced),
    ...(poolRows.length > 0
      ? [table('Pools', ['EIP', 'ADDRESS', 'PROTOCOL', 'USED', 'FREE', 'WAITING'], poolRows)]
      : []),
    ...(nodes.length > 0
      ? [table('Nodes', ['NODE', 'SESSIONS', 'BGP', 'LAYER 2', 'STATE'], nodeRows(nodes, view))]
      : []),
    ...(forbidden.length > 0 ? [notesText(forbidden, view)] : []),
  ];
  return parts.join('\n\n');
}

function summaryOf(status: ClusterStatus, view: View): string {
  const { problems, pending, unannounced, assigned, nodes, unread } = status;
  const bad = unannounced.length > 0 ? ` (${unannounced.length} not announced as it should be)` : '';
  const served = `${quantityText(assigned, 'Service')} with an address${bad}, ${pending.length} without`;
  const areNodesUnknown = nodes.length === 0 && unread.some(({ resource }) => resource === 'nodes');
  const counted = areNodesUnknown ? served : `${served}; ${quantityText(nodes.length, 'node')}`;
  const count = problems.length + pending.length + unannounced.length;
  if (count > 0) return `${view.bad('✗')} ${counted}; ${quantityText(count, 'problem')}`;
  return unread.length > 0
    ? `${view.warn('?')} ${counted}, as far as you may read`
    : `${view.good('✓')} ${counted}; no problem`;
}

/** The pools of IPv6 have more addresses than a number holds. */
function freeText({ free }: PoolUse): string {
  return free < 1_000_000_000 ? `${free}` : '>10⁹';
}

/** Nodes with a problem first. */
function nodeRows(nodes: readonly NodeUse[], view: View): string[][] {
  return [...nodes]
    .sort((a, b) => Number(a.ready) - Number(b.ready))
    .map(({ node, sessions, bgpAddresses, layer2Addresses, ready, message, maintenance }) => [
      node,
      sessions ? `${sessions.established}/${sessions.total}` : '-',
      `${bgpAddresses}`,
      `${layer2Addresses}`,
      maintenance ? view.warn(`in maintenance: ${maintenance}`) : ready ? view.good('ready') : view.bad(message),
    ]);
}
