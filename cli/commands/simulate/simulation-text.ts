/** A simulation as text: losses first, then what moves. Addresses with the same change share a row. PURE. */
import type { Loss, PathChange } from '../../../lib/explain/simulation/difference.ts';
import type { Simulation } from '../../../lib/explain/simulation/simulate.ts';
import type { Unread } from '../../../lib/snapshot/cluster-read.ts';
import { tableOf } from '../../output/table.ts';
import type { View } from '../../output/view.ts';

/** More addresses, nodes or Services than these are counted, and not named. */
const MOST_NAMED = 4;
const NOTHING = '–';

export function simulationText(simulation: Simulation & { readonly unread?: readonly Unread[] }, view: View): string {
  const { services, layer2, bgp, attributes, sessions, losses, verdicts, notes, unread = [] } = simulation;
  const part = (title: string, head: readonly string[], rows: readonly (readonly string[])[]): string[] =>
    rows.length === 0 ? [] : [`${view.bold(title)}\n${tableOf(head, rows, view)}`];
  const isQuiet = [services, layer2, bgp, attributes, sessions].every((changes) => changes.length === 0);
  return [
    summaryOf(simulation, { isQuiet, isPartial: unread.length > 0 }, view),
    ...verdictLines(verdicts, view),
    ...part(
      'Services',
      ['SERVICE', 'BEFORE', 'AFTER', 'WHY'],
      services.map((one) => [one.service, listed(one.before), listed(one.after), one.message ?? '']),
    ),
    ...part(
      'Layer 2: the node that answers',
      ['ADDRESS', 'SERVICES', 'BEFORE', 'AFTER'],
      layer2.map((one) => [
        one.address,
        listed(one.services),
        one.from ?? NOTHING,
        one.to ?? `${NOTHING} ${listed(one.reasons ?? [])}`.trim(),
      ]),
    ),
    ...part('BGP: the paths by each BgpPeer', ['BGPPEER', 'ADDRESSES', 'BEFORE', 'AFTER'], pathRows(bgp)),
    ...part(
      'BGP: other attributes',
      ['ADDRESS', 'SERVICES'],
      attributes.map((one) => [one.address, listed(one.services)]),
    ),
    ...part('Sessions', ['BGPPEER', 'CHANGE', 'NODES', 'WHY'], sessionRows(sessions)),
    ...lossLines(losses, view),
    notes.map((note) => view.dim(`Note: ${note}`)).join('\n'),
  ].join('\n\n');
}

interface Reach {
  readonly isQuiet: boolean;
  /** The user may not read all that the simulation needs. */
  readonly isPartial: boolean;
}

function summaryOf({ losses, verdicts }: Simulation, { isQuiet, isPartial }: Reach, view: View): string {
  const refused = verdicts.filter((one) => one.refused !== undefined).length;
  if (losses.length > 0) {
    const services = new Set(losses.map(({ service }) => service)).size;
    return `${view.bad('✗')} ${services === 1 ? '1 Service loses' : `${services} Services lose`} something`;
  }
  if (refused > 0)
    return `${view.bad('✗')} The API server would refuse ${refused === 1 ? 'the change' : `${refused} objects`}`;
  const result = isQuiet ? 'Nothing changes' : 'No Service loses anything';
  return isPartial ? `${view.warn('?')} ${result}, as far as you may read` : `${view.good('✓')} ${result}`;
}

function verdictLines(verdicts: Simulation['verdicts'], view: View): string[] {
  const lines = verdicts.flatMap(({ object, refused, warnings }) => [
    ...(refused === undefined ? [] : [`${view.bad('✗')} ${object} is refused: ${refused}`]),
    ...warnings.map((warning) => `${view.warn('!')} ${object}: ${warning}`),
  ]);
  return lines.length > 0 ? [lines.join('\n')] : [];
}

function lossLines(losses: readonly Loss[], view: View): string[] {
  if (losses.length === 0) return [];
  const lines = losses.map(({ service, address, of, peer }) => {
    if (of === 'address') return `${view.bad('✗')} ${service} loses its address ${address}`;
    const why = of === 'owner' ? 'no node answers for' : `no session of BgpPeer ${peer} has a path to`;
    return `${view.bad('✗')} ${service}: ${why} ${address}`;
  });
  return [`${view.bold('Losses')}\n${lines.join('\n')}`];
}

function pathRows(changes: readonly PathChange[]): string[][] {
  const same = Map.groupBy(changes, ({ peer, before, after }) => JSON.stringify([peer, before, after]));
  return [...same.values()].map((some) => {
    const { peer, before, after, reasons = [] } = some[0]!;
    const addresses = some.map(({ address }) => address);
    return [
      peer,
      listed(addresses),
      counted(before),
      after.length > 0 ? counted(after) : `0 ${listed(reasons)}`.trim(),
    ];
  });
}

function sessionRows(changes: Simulation['sessions']): string[][] {
  const same = Map.groupBy(changes, ({ peer, change, message = '' }) => JSON.stringify([peer, change, message]));
  return [...same.values()].map((some) => {
    const { peer, change, message = '' } = some[0]!;
    return [peer, change, listed(some.map(({ node }) => node)), message];
  });
}

/** `2: n1, n3`. */
function counted(nodes: readonly string[]): string {
  return nodes.length === 0 ? '0' : `${nodes.length}: ${listed(nodes)}`;
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return NOTHING;
  const more = names.length - MOST_NAMED;
  return more > 0 ? `${names.slice(0, MOST_NAMED).join(', ')} and ${more} more` : names.join(', ');
}
