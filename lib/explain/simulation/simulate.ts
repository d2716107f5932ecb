/** Tries a change on the cluster as read, by the decisions that the components make. PURE. */

import { serviceKeyOf } from '../../announce/slices.ts';
import { parseBgpConf } from '../../api/bgp/parse-bgp-conf.ts';
import { BGP_CONF_NAME } from '../../api/keys.ts';
import { keyFor, keyOf } from '../../api/meta/object.ts';
import { LIST_OF } from './change/apply-change.ts';
import type { Change } from './change/change.ts';
import { reviewChange, type Verdict } from './change/review-change.ts';
import { type Difference, differenceBetween } from './difference.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import type { World } from './world.ts';

export interface Simulation extends Difference {
  /** Of admission, on each object of the change. */
  readonly verdicts: readonly Verdict[];
  /** One sentence for each effect that the simulation leaves out, or that no object of the cluster shows. */
  readonly notes: readonly string[];
}

export type Simulated =
  | { readonly ok: true; readonly simulation: Simulation; readonly before: Outcome; readonly after: Outcome }
  /** The change names an object that is not there. */
  | { readonly ok: false; readonly message: string };

export function simulate(world: World, change: Change): Simulated {
  const message = absentIn(world, change);
  if (message !== undefined) return { ok: false, message };
  const reviewed = reviewChange(world, change);
  const before = outcomeOf(world);
  const after = reviewed.world === world ? before : outcomeOf(reviewed.world, { world, outcome: before });
  const difference = differenceBetween(before, after);
  const notes = notesOn({ world, change, before, after, difference });
  return { ok: true, simulation: { verdicts: reviewed.verdicts, ...difference, notes }, before, after };
}

function absentIn(world: World, change: Change): string | undefined {
  if (change.kind === 'apply') return undefined;
  const [kind, key] =
    change.kind === 'delete' ? [change.of, keyFor(change.namespace, change.name)] : (['Node', change.node] as const);
  return world[LIST_OF[kind]].some((one) => keyOf(one) === key) ? undefined : `There is no ${kind} ${key}.`;
}

interface NoteInput {
  readonly world: World;
  readonly change: Change;
  readonly before: Outcome;
  readonly after: Outcome;
  readonly difference: Difference;
}

function notesOn({ world, change, before, after, difference }: NoteInput): string[] {
  const { bgp, sessions } = difference;
  const isExpected = [...after.bgp.sessions.values()].some(({ state }) => state === 'expected');
  const down = [...before.bgp.sessions.values()].filter(({ state, disabled }) => state === 'down' && !disabled);
  return [
    'This is the state after all timers have run. The seconds until then are not simulated.',
    ...(bgp.length > 0
      ? ['A router distributes connections among its paths by a hash of its own: which connections move is not known.']
      : []),
    ...(isExpected
      ? ['Sessions that start or reset count as established: the configuration of the routers is not known.']
      : []),
    ...(sessions.some(({ change: one }) => one === 'resets')
      ? ['A session that resets takes its routes with it for some seconds.']
      : []),
    ...(down.length > 0
      ? [`Sessions that are down now stay down: ${down.map((one) => `${one.node} with ${one.peer}`).join(', ')}.`]
      : []),
    ...heldNotes(before),
    ...podNotes(world, change),
    ...policyNotes(world, difference),
    ...newServiceNotes(world, change),
    ...exchangeNotes(after),
    ...(before.isSteady && after.isSteady ? [] : ['No steady state was found: the addresses would go on moving.']),
  ];
}

/** A node whose plan can't be made goes on with the configuration that BIRD has. */
function heldNotes({ bgp }: Outcome): string[] {
  const why = new Set([...bgp.nodes.values()].flatMap(({ held }) => held ?? []));
  return [...why].map(
    (one) => `The nodes keep the sessions and routes that they have, which are not simulated: ${one}.`,
  );
}

function podNotes({ endpointSlices }: World, change: Change): string[] {
  const node =
    change.kind === 'nodeGone'
      ? change.node
      : change.kind === 'delete' && change.of === 'Node'
        ? change.name
        : undefined;
  const hasPods = endpointSlices.some(({ endpoints }) => endpoints?.some(({ nodeName }) => nodeName === node));
  if (node === undefined || !hasPods) return [];
  return [`Pods of node ${node} count as gone. Where Kubernetes starts others in their place is not known.`];
}

function policyNotes({ bgpConfs }: World, { bgp }: Difference): string[] {
  const conf = bgpConfs.find(({ metadata }) => metadata.name === BGP_CONF_NAME);
  const parsed = conf && parseBgpConf(conf);
  if (bgp.length === 0 || !parsed?.ok || parsed.value.policy === undefined) return [];
  return [`The policy ${parsed.value.policy} of BgpConf default may hold back routes: it is not simulated.`];
}

/** The endpoints of a Service that does not exist are not known. */
function newServiceNotes({ services, endpointSlices }: World, change: Change): string[] {
  if (change.kind !== 'apply') return [];
  const known = new Set([...services.map(keyOf), ...endpointSlices.map(serviceKeyOf)]);
  const fresh = change.objects.filter(
    ({ kind, ...file }) => kind === 'Service' && !known.has(keyOf({ kind, ...file })),
  );
  if (fresh.length === 0) return [];
  return [`The Pods of ${fresh.map(keyOf).join(', ')} are not known: the Service counts as one without endpoints.`];
}

/** Services with an address that keep it only until they get another one. */
function exchangeNotes({ services }: Outcome): string[] {
  const keeping = [...services].filter(([, { reason }]) => reason === 'KeepsFormerAddress').map(([key]) => key);
  return keeping.length < 2
    ? []
    : [`An exchange of addresses between Services that wait for each other is not simulated: ${keeping.join(', ')}.`];
}
