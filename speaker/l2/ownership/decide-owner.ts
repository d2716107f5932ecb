/**
 * What this node does about each address of layer 2: answer for it, take it over, give it up or leave it to others. Pure, and the same on all nodes:
 * whoever sees the same agrees on one owner.
 *
 * - Who has an address keeps it while it may: a move breaks connections. Of two who have it, the one of the higher rank keeps it. But the object of a dead
 *   node says for ever what it had: nobody lets go to another one that he has not heard.
 * - Nobody lets go to another one before all can know that he does, and nobody to one who says that he does: two who have it and see the endpoints at different times
 *   would else let go to each other.
 * - `Local` without an endpoint on any node: who has it goes on. The kernel refuses or drops what comes, and an endpoint that comes back finds the address there.
 * - Else it is for the node of the highest rank among those that live and may; for one that is cordoned only where there is no other.
 * - A cordoned node whose pods are being evicted is being drained, and gives up what others may have.
 * - Whoever takes over from one that may be dead asks for the address on the wire first. From one that said itself that it gives it up, or that the
 *   objects say may not have it, it takes over at once; the former owner answers until it sees that.
 */

import { announceReason } from '../../../lib/announce/eligible.ts';
import { viewFrom } from '../../../lib/announce/endpoints.ts';
import type { NodeState } from '../../../lib/announce/node-state.ts';
import { matchesLabels } from '../../../lib/api/meta/label-selector.ts';
import type { Reason } from '../../../lib/api/reasons.ts';
import type { Layer2Candidate, SharingService } from './layer2-addresses.ts';
import { hashOf, rankOf } from './rendezvous.ts';

/** A node as far as layer 2 goes. */
export interface Layer2Node {
  readonly node: NodeState;
  /** Its Lease is valid and nobody who counts suspects it. This node is live for itself. */
  readonly live: boolean;
  /** It has proved that it lives, by a renewal that this node saw. */
  readonly heard: boolean;
  /** It is ending in order, and gives up what it has. */
  readonly stopping: boolean;
  /** Names of the Eips that it has no interface for. */
  readonly unable: ReadonlySet<string>;
  /** What it says it answers for. */
  readonly holds: ReadonlySet<string>;
  /** What it says of those that it is about to give up. Of this node: what all others know who know what this one knows. */
  readonly yields: ReadonlySet<string>;
}

/** What came of asking for an address on the wire; good for a moment only. */
export type ProbeResult = 'free' | 'answered';

export interface View {
  readonly self: string;
  /** This node is among them. */
  readonly nodes: ReadonlyMap<string, Layer2Node>;
  readonly wanted: ReadonlyMap<string, Layer2Candidate>;
  /** Cut off from everybody: others may have taken over. */
  readonly cutOff: boolean;
  readonly asked: ReadonlyMap<string, ProbeResult>;
  /** Somebody else announces them, and this node can't hear from the API server who: others, who can, may have thought it dead. */
  readonly contested: ReadonlySet<string>;
  /** Long enough here to take back what others have, where the Eip asks for it. */
  readonly settled: boolean;
}

export type Action =
  /** Answers for it and goes on. */
  | 'hold'
  /** Starts to answer. */
  | 'take'
  /** Asks on the wire whether anybody has it. */
  | 'ask'
  /** Stops answering. */
  | 'release'
  | 'ignore';

export interface Decision {
  readonly text: string;
  readonly action: Action;
  readonly reason: Reason;
  /** The other node that it is about: who had it, who has it, or who shall have it. With `hold`: another one is called to take it. */
  readonly other?: string;
}

/** One decision an address that is wanted or that this node holds, in no order. */
export function decideOwnership(view: View): Decision[] {
  const [holders, hashes, drained] = [holdersIn(view), hashesOf(view.nodes.keys()), drainedIn(view)];
  const seen = { ...view, holders, hashes, drained, together: new Map() };
  const decisions = [...view.wanted.values()].map((wanted) => decideOne(seen, wanted));
  for (const text of view.nodes.get(view.self)?.holds ?? []) {
    if (!view.wanted.has(text)) decisions.push({ text, action: 'release', reason: 'NotPublished' });
  }
  return view.settled && !view.cutOff ? rebalanced(seen, decisions) : decisions;
}

interface Seen extends View {
  readonly holders: ReadonlyMap<string, readonly string[]>;
  readonly hashes: ReadonlyMap<string, number>;
  /** Names of the nodes that are being drained. */
  readonly drained: ReadonlySet<string>;
  /** What {@link servedTogether} has found. */
  readonly together: Map<string, readonly SharingService[] | undefined>;
}

function decideOne(seen: Seen, wanted: Layer2Candidate): Decision {
  const { self } = seen;
  const { text } = wanted;
  const holders = seen.holders.get(text) ?? [];
  const isMine = holders.includes(self);
  if (seen.cutOff && !isMine) return { text, action: 'ignore', reason: 'CutOff' };
  if (seen.cutOff && othersMay(seen, wanted)) return { text, action: 'release', reason: 'CutOff' };
  if (seen.contested.has(text)) return { text, action: isMine ? 'release' : 'ignore', reason: 'AddressConflict' };
  const currentOwner = highestRanked(seen, wanted, isMine ? remaining(seen, text, holders) : holders);
  if (currentOwner === self) return { text, action: 'hold', reason: 'Announced', ...successor(seen, wanted) };
  if (currentOwner && isMine) return giveWay(seen, wanted, currentOwner);
  if (currentOwner) return { text, action: 'ignore', reason: 'OwnedElsewhere', other: currentOwner };
  const owner = highestRanked(seen, wanted, seen.nodes.keys());
  // Better on a node that is being drained than nowhere.
  if (!owner && seen.drained.size > 0) return decideOne({ ...seen, drained: new Set(), together: new Map() }, wanted);
  const ineligible = ineligibleReason(seen, wanted, self) ?? 'OwnedElsewhere';
  if (!owner) return isMine ? goOnAlone(seen, wanted, ineligible) : { text, action: 'ignore', reason: ineligible };
  if (owner !== self) {
    // Until the other one says that it has it.
    return { text, action: isMine ? 'hold' : 'ignore', reason: isMine ? 'HandingOver' : ineligible, other: owner };
  }
  return takeOver(seen, wanted, holders);
}

/** By what seldom changes: whatever else keeps a node from it may be over, and one that is cut off would not hear of that. */
function othersMay({ self, nodes }: Seen, { eip }: Layer2Candidate): boolean {
  return [...nodes.values()].some(
    ({ node }) => node.name !== self && !node.excluded && matchesLabels(eip.nodeSelector, node.labels),
  );
}

/** Of those who have it, this node and all who are not about to give it up. */
function remaining({ self, nodes }: Seen, text: string, holders: readonly string[]): string[] {
  return holders.filter((name) => name === self || !nodes.get(name)?.yields.has(text));
}

/** Another one who has it keeps it. */
function giveWay(seen: Seen, wanted: Layer2Candidate, currentOwner: string): Decision {
  const { text } = wanted;
  if (!seen.nodes.get(currentOwner)?.heard) return keepUntilConfirmed(seen, wanted, currentOwner);
  const isKnown = seen.nodes.get(seen.self)?.yields.has(text);
  return isKnown
    ? { text, action: 'release', reason: 'OwnedElsewhere', other: currentOwner }
    : { text, action: 'hold', reason: 'HandingOver', other: currentOwner };
}

/** Two answer for it if `currentOwner` lives; until that is heard or its Lease runs out, which is soon. */
function keepUntilConfirmed(seen: Seen, wanted: Layer2Candidate, currentOwner: string): Decision {
  const { text } = wanted;
  if (ineligibleReason(seen, wanted, seen.self))
    return { text, action: 'hold', reason: 'HandingOver', other: currentOwner };
  // Not yielding: when the API server is away, what is heard on the wire decides.
  return { text, action: 'hold', reason: 'OwnerLost' };
}

/** Who will take it from this node, in its turn. */
function successor(seen: Seen, wanted: Layer2Candidate): Pick<Decision, 'other'> {
  const owner = mayBeRebalanced(seen, wanted) ? highestRanked(seen, wanted, seen.nodes.keys()) : undefined;
  return owner === undefined || owner === seen.self ? {} : { other: owner };
}

/** Nobody may have it. Whoever is only about to end goes on to its end, and of those who lack nothing but an endpoint one goes on. */
function goOnAlone(seen: Seen, wanted: Layer2Candidate, ineligible: Reason): Decision {
  const { self } = seen;
  const { text } = wanted;
  if (ineligible === 'SpeakerStopping') return { text, action: 'hold', reason: ineligible };
  if (ineligible !== 'NoLocalEndpoints') return { text, action: 'release', reason: ineligible };
  const holders = remaining(seen, text, seen.holders.get(text) ?? []);
  const currentOwner = highestRanked(
    seen,
    wanted,
    holders,
    (name) => ineligibleReason(seen, wanted, name) !== 'NoLocalEndpoints',
  );
  return currentOwner === undefined || currentOwner === self
    ? { text, action: 'hold', reason: ineligible }
    : giveWay(seen, wanted, currentOwner);
}

/** It is for this node, and no live node that may have it has it. */
function takeOver(seen: Seen, wanted: Layer2Candidate, holders: readonly string[]): Decision {
  const { text } = wanted;
  // It answers still, and so it would answer a question about another one, too.
  const leaving = holders.find((name) => seen.nodes.get(name)?.live);
  // One that may have it would have kept it, were it alive. What one of them says that was not heard for long is older than what `leaving` took over since.
  const lost = holders.find(
    (name) => (leaving === undefined || seen.nodes.get(name)?.heard) && !ineligibleReason(seen, wanted, name),
  );
  if (holders.length > 0 && lost === undefined) {
    return { text, action: 'take', reason: 'OwnerLeaves', other: leaving ?? holders[0]! };
  }
  const asked = seen.asked.get(text);
  const other = lost === undefined ? {} : { other: lost };
  if (asked === 'answered') {
    return { text, action: 'ignore', reason: lost === undefined ? 'AddressConflict' : 'OwnerResponding', ...other };
  }
  const reason = lost === undefined ? 'NoOwner' : 'OwnerLost';
  return { text, action: asked ? 'take' : 'ask', reason, ...other };
}

/**
 * Takes back one address that another node holds and that is for this one, where its Eip asks for it. One after the other: the next one only when
 * the holder of the last has let go.
 */
function rebalanced(seen: Seen, decisions: Decision[]): Decision[] {
  const isMoving = decisions.some(
    ({ text, action }) => action === 'take' || (action === 'hold' && isShared(seen, text)),
  );
  if (isMoving) return decisions;
  const displaced = decisions
    .filter(({ text, action, reason }) => {
      const wanted = seen.wanted.get(text);
      return (
        action === 'ignore' &&
        reason === 'OwnedElsewhere' &&
        wanted !== undefined &&
        mayBeRebalanced(seen, wanted) &&
        highestRanked(seen, wanted, seen.nodes.keys()) === seen.self
      );
    })
    .sort((a, b) => (a.text < b.text ? -1 : 1))
    .at(0);
  if (!displaced) return decisions;
  return decisions.map((one) => (one === displaced ? { ...one, action: 'take', reason: 'Rebalanced' } : one));
}

/** Its Eip asks for it. A node that is only cordoned keeps what it has all the same. */
function mayBeRebalanced({ holders, nodes }: Seen, { text, eip }: Layer2Candidate): boolean {
  const names = holders.get(text) ?? [];
  return eip.rebalance && names.some((name) => nodes.get(name)?.live && !nodes.get(name)?.node.cordoned);
}

/** Another node that lives has it too. */
function isShared({ self, nodes, holders }: Seen, text: string): boolean {
  return (holders.get(text) ?? []).some((name) => name !== self && nodes.get(name)?.live);
}

/** The highest rank of those that live and may have the address, or whatever else `mayNot` says; cordoned nodes come after all others. */
function highestRanked(
  seen: Seen,
  wanted: Layer2Candidate,
  names: Iterable<string>,
  mayNot: (name: string) => unknown = (name) => ineligibleReason(seen, wanted, name),
): string | undefined {
  const addressHash = hashOf(wanted.text);
  let found: { readonly name: string; readonly rank: number } | undefined;
  for (const name of names) {
    const there = seen.nodes.get(name);
    if (!there?.live) continue;
    // A hash has 32 bits and no sign.
    const penalty = there.node.cordoned ? 2 ** 32 : 0;
    const rank = rankOf(seen.hashes.get(name) ?? 0, addressHash) - penalty;
    const isHigher = !found || rank > found.rank || (rank === found.rank && name < found.name);
    // Asked last, since it costs most.
    if (isHigher && !mayNot(name)) found = { name, rank };
  }
  return found?.name;
}

/** Why a node may not have the address, be it alive or not. */
function ineligibleReason(seen: Seen, wanted: Layer2Candidate, name: string): Reason | undefined {
  const ineligible = hindranceAt(seen, wanted, name);
  if (ineligible) return ineligible;
  const { node } = seen.nodes.get(name)!;
  const together = wanted.sharers.length > 1 ? servedTogether(seen, wanted) : undefined;
  const refusals = (together ?? wanted.sharers).map((sharer) => refusalOf(wanted, sharer, node));
  const isRefused = together ? refusals.some(Boolean) : refusals.every(Boolean);
  return isRefused ? refusals.find(Boolean) : undefined;
}

/** Whichever Service has the address. */
function hindranceAt({ nodes, drained }: Seen, { eip }: Layer2Candidate, name: string): Reason | undefined {
  const there = nodes.get(name);
  if (!there) return 'NodeLeaving';
  if (there.stopping) return 'SpeakerStopping';
  if (there.unable.has(eip.name)) return 'NoInterface';
  if (!drained.has(name)) return undefined;
  return there.node.inMaintenance ? 'NodeInMaintenance' : 'NodeDraining';
}

function refusalOf(
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
 * Those of several that share the address which any live node could serve, if one could serve all of them: then it has to. With one policy and selector they all may be on the
 * same nodes; a `Local` one beside others has its endpoints on some of them only, and none of its traffic would arrive elsewhere.
 */
function servedTogether(seen: Seen, wanted: Layer2Candidate): readonly SharingService[] | undefined {
  if (seen.together.has(wanted.text)) return seen.together.get(wanted.text);
  const live = [...seen.nodes]
    .filter(([name, there]) => there.live && !hindranceAt(seen, wanted, name))
    .map(([, { node }]) => node);
  const served = wanted.sharers.filter((sharer) => live.some((node) => !refusalOf(wanted, sharer, node)));
  const isPossible = live.some((node) => served.every((sharer) => !refusalOf(wanted, sharer, node)));
  const together = isPossible && served.length > 1 ? served : undefined;
  seen.together.set(wanted.text, together);
  return together;
}

/**
 * Kubernetes has no word for a drain: it is a cordon and evictions. Those show where an endpoint terminates on a cordoned node, of whichever Service of
 * layer 2; what is left there when the last one has gone moves when the speaker ends.
 */
function drainedIn({ nodes, wanted }: View): Set<string> {
  const inMaintenance = [...nodes.values()].flatMap(({ node }) => (node.inMaintenance ? node.name : []));
  const cordoned = [...nodes.values()].flatMap(({ node }) => (node.cordoned ? node.name : []));
  if (cordoned.length === 0) return new Set(inMaintenance);
  const places = [...wanted.values()].flatMap(({ sharers }) => sharers.map((sharer) => sharer.places));
  const evicting = cordoned.filter((name) => places.some(({ draining }) => draining.has(name)));
  return new Set([...inMaintenance, ...evicting]);
}

function holdersIn({ nodes }: View): Map<string, string[]> {
  const holders = new Map<string, string[]>();
  for (const [name, { holds }] of nodes) {
    for (const text of holds) {
      const others = holders.get(text);
      if (others) others.push(name);
      else holders.set(text, [name]);
    }
  }
  return holders;
}

function hashesOf(names: Iterable<string>): Map<string, number> {
  return new Map([...names].map((name) => [name, hashOf(name)]));
}
