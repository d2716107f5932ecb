/**
 * Decides what this node does about each address of layer 2: answer for it, take it over, release it or leave it to others. Pure, and the same on all nodes:
 * nodes with the same view agree on one owner.
 *
 * - An owner keeps its address while it may have it: a move breaks connections. Of two owners, the one of the higher rank keeps the address. But the report
 *   of a dead node stays in its Speaker object, so a node yields only to an owner that it has heard.
 * - A node gives notice before it yields, and yields to no node that has given notice: otherwise two owners that see the endpoints at different times would
 *   yield to each other.
 * - For a `Local` Service without an endpoint on any node, the owner goes on. The kernel refuses or drops the traffic, and a new endpoint finds the address there.
 * - An address without an owner goes to the node of the highest rank among the live nodes that may have it; to a cordoned node only if there is no other.
 * - A cordoned node whose Pods are being evicted is being drained. It yields the addresses that other nodes may have.
 * - Before a node takes over from a node that may be dead, it probes for the address. It takes over at once from a node that has given notice, or that may not
 *   have the address by its objects; the former owner answers until it observes that.
 */

import { announceReason } from '../announce/eligible.ts';
import { viewFrom } from '../announce/endpoints.ts';
import type { NodeState } from '../announce/node-state.ts';
import { hashOf, rankOf } from '../announce/rendezvous.ts';
import { matchesLabels } from '../api/meta/label-selector.ts';
import type { Reason } from '../api/reasons.ts';
import type { Layer2Candidate, SharingService } from './layer2-candidate.ts';

/** A node, for the decisions of layer 2. */
export interface Layer2Node {
  readonly node: NodeState;
  /** The Lease is valid, and too few of the node's watchers suspect it. This node is live for itself. */
  readonly live: boolean;
  /** This node has observed a renewal of the Lease: the node lives. */
  readonly heard: boolean;
  /** The speaker is stopping, and hands its addresses over. */
  readonly stopping: boolean;
  /** Names of the Eips that the node has no interface for. */
  readonly unable: ReadonlySet<string>;
  /** Texts of the addresses that the node reports to answer for. */
  readonly holds: ReadonlySet<string>;
  /** Of these, the addresses that the node has given notice for. For this node: only notices that it has observed itself (`notices.ts`). */
  readonly yields: ReadonlySet<string>;
}

/** The result of a probe for an address, valid for a moment only. */
export type ProbeResult = 'free' | 'answered';

export interface View {
  readonly self: string;
  /** All nodes, with this one. */
  readonly nodes: ReadonlyMap<string, Layer2Node>;
  readonly wanted: ReadonlyMap<string, Layer2Candidate>;
  /** This node reaches neither the API server nor its watchers: others may have taken over. */
  readonly cutOff: boolean;
  readonly probed: ReadonlyMap<string, ProbeResult>;
  /** See {@link PartitionConflicts}. */
  readonly partitionConflicts: ReadonlySet<string>;
  /** This node has been here long enough to rebalance. */
  readonly settled: boolean;
}

export type Action =
  /** Keep answering. */
  | 'hold'
  /** Begin to answer. */
  | 'take'
  /** Find out on the wire whether a machine has the address. */
  | 'probe'
  /** Cease to answer. */
  | 'release'
  | 'ignore';

export interface Decision {
  readonly text: string;
  readonly action: Action;
  readonly reason: Reason;
  /** The other node concerned: the former owner, the present one or the next one. With `hold`: the next one, which is to take the address. */
  readonly other?: string;
}

/** Returns one decision for each address that is wanted or that this node holds, in no order. */
export function decideOwnership(view: View): Decision[] {
  const [owners, hashes, drained] = [ownersIn(view), hashesOf(view.nodes.keys()), drainedIn(view)];
  const context = { ...view, owners, hashes, drained, together: new Map() };
  const decisions = [...view.wanted.values()].map((wanted) => decideOne(context, wanted));
  for (const text of view.nodes.get(view.self)?.holds ?? []) {
    if (!view.wanted.has(text)) decisions.push({ text, action: 'release', reason: 'NotPublished' });
  }
  return view.settled && !view.cutOff ? rebalanced(context, decisions) : decisions;
}

interface Context extends View {
  readonly owners: ReadonlyMap<string, readonly string[]>;
  readonly hashes: ReadonlyMap<string, number>;
  /** Names of the nodes that are being drained. */
  readonly drained: ReadonlySet<string>;
  /** The results of {@link servedTogether}, by the text of the address. */
  readonly together: Map<string, readonly SharingService[] | undefined>;
}

function decideOne(context: Context, wanted: Layer2Candidate): Decision {
  const { self } = context;
  const { text } = wanted;
  const owners = context.owners.get(text) ?? [];
  const isMine = owners.includes(self);
  if (context.cutOff && !isMine) return { text, action: 'ignore', reason: 'CutOff' };
  if (context.cutOff && othersMay(context, wanted)) return { text, action: 'release', reason: 'CutOff' };
  if (context.partitionConflicts.has(text))
    return { text, action: isMine ? 'release' : 'ignore', reason: 'AddressConflict' };
  const currentOwner = highestRanked(context, wanted, isMine ? remaining(context, text, owners) : owners);
  if (currentOwner === self) return { text, action: 'hold', reason: 'Announced', ...successor(context, wanted) };
  if (currentOwner && isMine) return giveWay(context, wanted, currentOwner);
  if (currentOwner) return { text, action: 'ignore', reason: 'OwnedElsewhere', other: currentOwner };
  const owner = highestRanked(context, wanted, context.nodes.keys());
  // A node that is being drained is better than none.
  if (!owner && context.drained.size > 0)
    return decideOne({ ...context, drained: new Set(), together: new Map() }, wanted);
  const ineligible = ineligibleReason(context, wanted, self) ?? 'OwnedElsewhere';
  if (!owner)
    return isMine ? keepWithoutSuccessor(context, wanted, ineligible) : { text, action: 'ignore', reason: ineligible };
  if (owner !== self) {
    // Until the other node reports the address.
    return { text, action: isMine ? 'hold' : 'ignore', reason: isMine ? 'HandingOver' : ineligible, other: owner };
  }
  return takeOver(context, wanted, owners);
}

/** Considers only what seldom changes: a node that is cut off does not learn that any other obstacle is over. */
function othersMay({ self, nodes }: Context, { eip }: Layer2Candidate): boolean {
  return [...nodes.values()].some(
    ({ node }) => node.name !== self && !node.excluded && matchesLabels(eip.nodeSelector, node.labels),
  );
}

/** Of the owners, this node and those that have not given notice. */
function remaining({ self, nodes }: Context, text: string, owners: readonly string[]): string[] {
  return owners.filter((name) => name === self || !nodes.get(name)?.yields.has(text));
}

/** The other owner keeps the address. */
function giveWay(context: Context, wanted: Layer2Candidate, currentOwner: string): Decision {
  const { text } = wanted;
  if (!context.nodes.get(currentOwner)?.heard) return keepUntilConfirmed(context, wanted, currentOwner);
  const isKnown = context.nodes.get(context.self)?.yields.has(text);
  return isKnown
    ? { text, action: 'release', reason: 'OwnedElsewhere', other: currentOwner }
    : { text, action: 'hold', reason: 'HandingOver', other: currentOwner };
}

/** If `currentOwner` lives, two nodes answer until this node hears it. If not, its Lease expires soon. */
function keepUntilConfirmed(context: Context, wanted: Layer2Candidate, currentOwner: string): Decision {
  const { text } = wanted;
  if (ineligibleReason(context, wanted, context.self))
    return { text, action: 'hold', reason: 'HandingOver', other: currentOwner };
  // Without notice: while the API server is away, conflicts on the wire decide.
  return { text, action: 'hold', reason: 'OwnerLost' };
}

/** The node that will rebalance the address, when its turn comes. */
function successor(context: Context, wanted: Layer2Candidate): Pick<Decision, 'other'> {
  const owner = mayBeRebalanced(context, wanted) ? highestRanked(context, wanted, context.nodes.keys()) : undefined;
  return owner === undefined || owner === context.self ? {} : { other: owner };
}

/** No node may have the address. A stopping speaker answers to its end; of the owners that lack only an endpoint, one goes on. */
function keepWithoutSuccessor(context: Context, wanted: Layer2Candidate, ineligible: Reason): Decision {
  const { self } = context;
  const { text } = wanted;
  if (ineligible === 'SpeakerStopping') return { text, action: 'hold', reason: ineligible };
  if (ineligible !== 'NoLocalEndpoints') return { text, action: 'release', reason: ineligible };
  const owners = remaining(context, text, context.owners.get(text) ?? []);
  const currentOwner = highestRanked(
    context,
    wanted,
    owners,
    (name) => ineligibleReason(context, wanted, name) !== 'NoLocalEndpoints',
  );
  return currentOwner === undefined || currentOwner === self
    ? { text, action: 'hold', reason: ineligible }
    : giveWay(context, wanted, currentOwner);
}

/** The address is for this node: no live node that may have it owns it. */
function takeOver(context: Context, wanted: Layer2Candidate, owners: readonly string[]): Decision {
  const { text } = wanted;
  // This owner still answers, so it would answer the probe for a lost one too.
  const leaving = owners.find((name) => context.nodes.get(name)?.live);
  // An owner that may have the address would have kept it, were it alive. If this node has not heard that owner, its report is older than the takeover by `leaving`.
  const lost = owners.find(
    (name) => (leaving === undefined || context.nodes.get(name)?.heard) && !ineligibleReason(context, wanted, name),
  );
  if (owners.length > 0 && lost === undefined) {
    return { text, action: 'take', reason: 'OwnerLeaves', other: leaving ?? owners[0]! };
  }
  const probed = context.probed.get(text);
  const other = lost === undefined ? {} : { other: lost };
  if (probed === 'answered') {
    return { text, action: 'ignore', reason: lost === undefined ? 'AddressConflict' : 'OwnerResponding', ...other };
  }
  const reason = lost === undefined ? 'NoOwner' : 'OwnerLost';
  return { text, action: probed ? 'take' : 'probe', reason, ...other };
}

/**
 * Takes one address whose rank is highest here from its present owner, if its Eip has `rebalance`. The next address follows only when the owner of the
 * last has released it.
 */
function rebalanced(context: Context, decisions: Decision[]): Decision[] {
  const isMoving = decisions.some(
    ({ text, action }) => action === 'take' || (action === 'hold' && isShared(context, text)),
  );
  if (isMoving) return decisions;
  const displaced = decisions
    .filter(({ text, action, reason }) => {
      const wanted = context.wanted.get(text);
      return (
        action === 'ignore' &&
        reason === 'OwnedElsewhere' &&
        wanted !== undefined &&
        mayBeRebalanced(context, wanted) &&
        highestRanked(context, wanted, context.nodes.keys()) === context.self
      );
    })
    .sort((a, b) => (a.text < b.text ? -1 : 1))
    .at(0);
  if (!displaced) return decisions;
  return decisions.map((one) => (one === displaced ? { ...one, action: 'take', reason: 'Rebalanced' } : one));
}

/** The Eip has `rebalance`. A cordoned node keeps its addresses nevertheless. */
function mayBeRebalanced({ owners, nodes }: Context, { text, eip }: Layer2Candidate): boolean {
  const names = owners.get(text) ?? [];
  return eip.rebalance && names.some((name) => nodes.get(name)?.live && !nodes.get(name)?.node.cordoned);
}

/** Another live node owns the address too. */
function isShared({ self, nodes, owners }: Context, text: string): boolean {
  return (owners.get(text) ?? []).some((name) => name !== self && nodes.get(name)?.live);
}

/** The node of the highest rank of those that live and are not refused by `mayNot`; cordoned nodes come last. */
function highestRanked(
  context: Context,
  wanted: Layer2Candidate,
  names: Iterable<string>,
  mayNot: (name: string) => unknown = (name) => ineligibleReason(context, wanted, name),
): string | undefined {
  const addressHash = hashOf(wanted.text);
  let found: { readonly name: string; readonly rank: number } | undefined;
  for (const name of names) {
    const there = context.nodes.get(name);
    if (!there?.live) continue;
    // A hash has 32 bits and no sign.
    const penalty = there.node.cordoned ? 2 ** 32 : 0;
    const rank = rankOf(context.hashes.get(name) ?? 0, addressHash) - penalty;
    const isHigher = !found || rank > found.rank || (rank === found.rank && name < found.name);
    // Last, since it costs most.
    if (isHigher && !mayNot(name)) found = { name, rank };
  }
  return found?.name;
}

/** Why a node, live or not, may not have the address. */
function ineligibleReason(context: Context, wanted: Layer2Candidate, name: string): Reason | undefined {
  const ineligible = nodeRefusalOf(context, wanted, name);
  if (ineligible) return ineligible;
  const { node } = context.nodes.get(name)!;
  const together = wanted.sharers.length > 1 ? servedTogether(context, wanted) : undefined;
  const refusals = (together ?? wanted.sharers).map((sharer) => sharerRefusalOf(wanted, sharer, node));
  const isRefused = together ? refusals.some(Boolean) : refusals.every(Boolean);
  return isRefused ? refusals.find(Boolean) : undefined;
}

/** Why a node may have no address of the Eip, whichever Service publishes it. */
function nodeRefusalOf({ nodes, drained }: Context, { eip }: Layer2Candidate, name: string): Reason | undefined {
  const there = nodes.get(name);
  if (!there) return 'NodeLeaving';
  if (there.stopping) return 'SpeakerStopping';
  if (there.unable.has(eip.name)) return 'NoInterface';
  if (!drained.has(name)) return undefined;
  return there.node.inMaintenance ? 'NodeInMaintenance' : 'NodeDraining';
}

function sharerRefusalOf(
  { address, eip }: Layer2Candidate,
  { service, places }: SharingService,
  node: NodeState,
): Reason | undefined {
  const voucher = { ok: true, value: eip } as const;
  const endpoints = viewFrom(places, node.name);
  const reason = announceReason({ by: 'layer2', service, address, eip: voucher, node, endpoints });
  return reason === 'Announced' ? undefined : reason;
}

/**
 * Of several Services that share the address, those that some live node can serve, if one node can serve all of them: the owner then has to. A `Local` Service has
 * endpoints on some nodes only, and on any other owner it would lose all its traffic.
 */
function servedTogether(context: Context, wanted: Layer2Candidate): readonly SharingService[] | undefined {
  if (context.together.has(wanted.text)) return context.together.get(wanted.text);
  const live = [...context.nodes]
    .filter(([name, there]) => there.live && !nodeRefusalOf(context, wanted, name))
    .map(([, { node }]) => node);
  const served = wanted.sharers.filter((sharer) => live.some((node) => !sharerRefusalOf(wanted, sharer, node)));
  const isPossible = live.some((node) => served.every((sharer) => !sharerRefusalOf(wanted, sharer, node)));
  const together = isPossible && served.length > 1 ? served : undefined;
  context.together.set(wanted.text, together);
  return together;
}

/**
 * In Kubernetes a drain is a cordon and evictions. Evictions show as terminating endpoints on a cordoned node, of any Service of layer 2. Addresses that are
 * still there when the last endpoint is gone move when the speaker stops.
 */
function drainedIn({ nodes, wanted }: View): Set<string> {
  const inMaintenance = [...nodes.values()].flatMap(({ node }) => (node.inMaintenance ? node.name : []));
  const cordoned = [...nodes.values()].flatMap(({ node }) => (node.cordoned ? node.name : []));
  if (cordoned.length === 0) return new Set(inMaintenance);
  const places = [...wanted.values()].flatMap(({ sharers }) => sharers.map((sharer) => sharer.places));
  const evicting = cordoned.filter((name) => places.some(({ draining }) => draining.has(name)));
  return new Set([...inMaintenance, ...evicting]);
}

function ownersIn({ nodes }: View): Map<string, string[]> {
  const owners = new Map<string, string[]>();
  for (const [name, { holds }] of nodes) {
    for (const text of holds) {
      const others = owners.get(text);
      if (others) others.push(name);
      else owners.set(text, [name]);
    }
  }
  return owners;
}

function hashesOf(names: Iterable<string>): Map<string, number> {
  return new Map([...names].map((name) => [name, hashOf(name)]));
}
