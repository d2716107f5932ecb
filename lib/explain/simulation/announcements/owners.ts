/**
 * The owner of each address of layer 2 once every node has acted until nothing changes. PURE. The nodes decide in turn by `decideOwnership`; probes are answered by the nodes that
 * have the address, and by other machines that a node has reported.
 */
import { eipFinder } from '../../../announce/eip-of-address.ts';
import { nodeState } from '../../../announce/node-state.ts';
import { keyOf } from '../../../api/meta/object.ts';
import type { Reason } from '../../../api/reasons.ts';
import {
  type Action,
  type Decision,
  decideOwnership,
  type Layer2Node,
  type View,
} from '../../../layer2/decide-owner.ts';
import { type Layer2Candidate, sharedCandidate, wantedBy } from '../../../layer2/layer2-candidate.ts';
import type { Snapshot } from '../../../snapshot/snapshot.ts';
import { type RunningNode, runningNodes, type World } from '../world.ts';

export interface Owners {
  /** Text of an address → its owner, for all addresses that have one. */
  readonly owners: ReadonlyMap<string, string>;
  /** Text of an address without an owner → why nodes do not have it. */
  readonly refusals: ReadonlyMap<string, ReadonlySet<Reason>>;
  /** False: the nodes would go on moving addresses. */
  readonly isSteady: boolean;
}

const ANSWERING: readonly Action[] = ['hold', 'take'];

export function settledOwners(world: World, snapshot: Snapshot): Owners {
  const wanted = world.settings.protocols.has('layer2') ? wantedIn(snapshot) : new Map<string, Layer2Candidate>();
  const running = runningNodes(world);
  const nodes = new Map(running.map((one) => [one.name, layer2Node(one, wanted)]));
  const strange = new Set(running.flatMap(strangeMachines));
  const resting = restingOwners(nodes, wanted);
  const moving = new Map([...wanted].filter(([text]) => !resting.has(text)));
  const mobile = holdingOnly(moving, nodes);
  const decided = new Map<string, Map<string, Decision>>();
  const isSteady = settle(mobile, moving, strange, decided);
  const owners = new Map(resting);
  for (const [name, { holds }] of mobile) for (const text of holds) owners.set(text, name);
  const refusals = new Map<string, ReadonlySet<Reason>>();
  for (const text of wanted.keys()) {
    if (owners.has(text)) continue;
    const reasons = [...nodes.keys()].flatMap((name) => decided.get(name)?.get(text)?.reason ?? []);
    refusals.set(text, new Set(reasons));
  }
  return { owners, refusals, isSteady };
}

/** @returns whether nothing moves any more. One round moves at least one address, or is the last. */
function settle(
  nodes: Map<string, Layer2Node>,
  moving: ReadonlyMap<string, Layer2Candidate>,
  strange: ReadonlySet<string>,
  decided: Map<string, Map<string, Decision>>,
): boolean {
  const mostRounds = 2 * moving.size + 10;
  for (let round = 0; round < mostRounds; round++) {
    let isSame = true;
    for (const name of nodes.keys()) {
      const decisions = decideOwnership(viewOf(name, nodes, moving, strange));
      decided.set(name, new Map(decisions.map((one) => [one.text, one])));
      if (act(name, decisions, nodes)) isSame = false;
    }
    if (isSame) return true;
  }
  return false;
}

/** @returns whether the node has done anything. */
function act(name: string, decisions: readonly Decision[], nodes: Map<string, Layer2Node>): boolean {
  const before = nodes.get(name)!;
  const answering = decisions.filter(({ action }) => ANSWERING.includes(action));
  const holds = new Set(answering.map(({ text }) => text));
  const yields = new Set(
    answering.flatMap(({ text, action, other }) => (action === 'hold' && other !== undefined ? text : [])),
  );
  if (isSameSet(holds, before.holds) && isSameSet(yields, before.yields)) return false;
  nodes.set(name, { ...before, holds, yields });
  return true;
}

function viewOf(
  self: string,
  nodes: ReadonlyMap<string, Layer2Node>,
  wanted: ReadonlyMap<string, Layer2Candidate>,
  strange: ReadonlySet<string>,
): View {
  const held = new Set([...nodes.values()].flatMap(({ holds }) => [...holds]));
  const probed = new Map(
    [...wanted.keys()].map((text) => [text, held.has(text) || strange.has(text) ? 'answered' : 'free'] as const),
  );
  return { self, nodes, wanted, probed, cutOff: false, partitionConflicts: new Set(), settled: true };
}

function wantedIn({ services, slices, eips }: Snapshot): Map<string, Layer2Candidate> {
  const eipOf = eipFinder(eips);
  const all = [...services.values()].flatMap((service) => wantedBy(service, slices.get(keyOf(service)), eipOf));
  const byText = Map.groupBy(all, ({ text }) => text);
  return new Map([...byText].map(([text, [first, ...rest]]) => [text, sharedCandidate([first!, ...rest])]));
}

function layer2Node({ name, object, status }: RunningNode, wanted: ReadonlyMap<string, Layer2Candidate>): Layer2Node {
  const texts = (status.layer2Addresses ?? []).map(({ address }) => address);
  const live = !(status.conditions ?? []).some(({ reason }) => reason === 'PacketSocketDenied');
  return {
    node: nodeState(name, object),
    live,
    heard: live,
    stopping: false,
    unable: new Set(status.layer2Unable),
    holds: new Set(live ? texts.filter((text) => wanted.has(text)) : []),
    yields: new Set(),
  };
}

function strangeMachines({ status }: RunningNode): string[] {
  return (status.layer2Conflicts ?? []).flatMap(({ address, node }) => (node === undefined ? address : []));
}

/** The addresses that simply stay with their owners. Only these are looked at by one node each: in a large cluster nearly all addresses stay. */
function restingOwners(
  nodes: ReadonlyMap<string, Layer2Node>,
  wanted: ReadonlyMap<string, Layer2Candidate>,
): ReadonlyMap<string, string> {
  const draining = drainingOn(nodes, wanted);
  const counts = new Map<string, number>();
  for (const { holds } of nodes.values()) for (const text of holds) counts.set(text, (counts.get(text) ?? 0) + 1);
  const maybe = new Map([...wanted].filter(([text]) => counts.get(text) === 1 && !draining.has(text)));
  const others = holdingOnly(draining, nodes);
  const resting = new Map<string, string>();
  for (const [name, { holds }] of nodes) {
    const own = [...holds].flatMap((text) => maybe.get(text) ?? []);
    const views = new Map(others).set(name, nodes.get(name)!);
    const inView = new Map([...draining, ...own.map((one) => [one.text, one] as const)]);
    for (const { text, action, other } of decideOwnership(viewOf(name, views, inView, new Set()))) {
      if (action === 'hold' && other === undefined && maybe.has(text)) resting.set(text, name);
    }
  }
  return resting;
}

function holdingOnly(
  addresses: ReadonlyMap<string, unknown>,
  nodes: ReadonlyMap<string, Layer2Node>,
): Map<string, Layer2Node> {
  return new Map(
    [...nodes].map(([name, node]) => {
      const holds = new Set([...node.holds].filter((text) => addresses.has(text)));
      return [name, { ...node, holds }];
    }),
  );
}

/** A node that is drained shows it by an endpoint of any address, so these addresses are in every view. */
function drainingOn(
  nodes: ReadonlyMap<string, Layer2Node>,
  wanted: ReadonlyMap<string, Layer2Candidate>,
): ReadonlyMap<string, Layer2Candidate> {
  const cordoned = [...nodes].flatMap(([name, { node }]) => (node.cordoned ? name : []));
  if (cordoned.length === 0) return new Map();
  return new Map(
    [...wanted].filter(([, { sharers }]) =>
      sharers.some(({ places }) => cordoned.some((name) => places.draining.has(name))),
    ),
  );
}

function isSameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((one) => b.has(one));
}
