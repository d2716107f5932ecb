/**
 * Layer 2 on this node while an Eip of it exists: snapshot → decisions → answers → what is said to others. Between deciding and answering nothing waits for
 * the API server; what is said is written beside it.
 *
 * What this node has is what it answers for. After a start that is what its Speaker object says, so that a speaker that was killed goes on.
 */

import { nodeState } from '../../lib/announce/node-state.ts';
import { matchesLabels } from '../../lib/api/meta/label-selector.ts';
import type { Reason } from '../../lib/api/reasons.ts';
import { type Address, formatAddress } from '../../lib/net/address.ts';
import type { Clock } from '../../lib/process/clock.ts';
import type { Logger } from '../../lib/process/log.ts';
import type { Requeue } from '../../lib/process/loop/level-loop.ts';
import type { Snapshot } from '../cluster/snapshot.ts';
import type { AddressProber } from './address-prober.ts';
import type { Answered, ResponderPort } from './link/responder-port.ts';
import { type Decision, decideOwnership } from './ownership/decide-owner.ts';
import { type EipLinks, interfacesOf, linkEips } from './ownership/eip-links.ts';
import { type Layer2Candidate, layer2Eips } from './ownership/layer2-addresses.ts';
import { type Layer2Report, noticesIn, readReport } from './ownership/layer2-status-writer.ts';
import { hadBefore, nodesSeen, ringMembers } from './ownership/nodes-seen.ts';
import { nextNotices, standingNotices } from './ownership/notices.ts';
import type { Fleet } from './peers/fleet.ts';
import type { Liveness } from './peers/liveness.ts';
import type { LivenessWatch } from './peers/liveness-watch.ts';
import type { PeerWatchPort } from './peers/peer-watch-port.ts';

export interface OwnershipLoopOptions {
  readonly nodeName: string;
  readonly fleet: Pick<Fleet, 'synced' | 'node' | 'speakers'>;
  readonly liveness: Pick<LivenessWatch, 'members' | 'heard'> & { readonly verdict: Pick<Liveness, 'live' | 'cutOff'> };
  readonly peers: PeerWatchPort;
  readonly responder: Pick<ResponderPort, 'links' | 'linkTowards' | 'answerFor'>;
  readonly prober: AddressProber;
  /** What one node at a time shall answer for, by the text of the address. */
  readonly addresses: (snapshot: Snapshot) => ReadonlyMap<string, Layer2Candidate>;
  /** Addresses that others announce while this node does not reach the API server. */
  readonly contested: () => ReadonlySet<string>;
  /** {@link OwnershipLoop.said} is another. */
  readonly onSaid: () => void;
  /** Every decision of a run, with what it is about. */
  readonly onDecided: (decisions: readonly Decision[], wanted: ReadonlyMap<string, Layer2Candidate>) => void;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly log: Logger;
}

/** Where layer 2 has just begun, nodes hear of each other first; what nobody has waits so long. */
const ACQUAINTED_MS = 1_000;
/** A node that comes back takes nothing back before, should it go again. */
const SETTLE_MS = 10_000;
/** The kernel is asked for a route in another thread. */
const ROUTE_KNOWN_AFTER_MS = 1_000;
const LOOK_AGAIN_MS = 50;
/** Of what is held: nothing is waited for. */
const RESTING: readonly Reason[] = ['Announced', 'NoLocalEndpoints'];
/** While another one has it, too, that is still to be heard. */
const HEARD_LOOK_MS = 250;

export class OwnershipLoop {
  readonly #options: OwnershipLoopOptions;
  readonly #startedMs: number;
  readonly #unroutedSinceMs = new Map<string, number>();
  /** By the text of the address, where it is answered for. Undefined until it is known what this node had before. */
  #holds: Map<string, readonly string[]> | undefined;
  /** Texts of addresses that this node says it is about to give up. */
  #notices: ReadonlySet<string> | undefined;
  #answered = '';
  #stopping = false;
  #said: Layer2Report | undefined;
  #isLonely = false;

  constructor(options: OwnershipLoopOptions) {
    this.#options = options;
    this.#startedMs = options.clock.monotonicMs();
  }

  /** For the others; undefined until there is something to go by. */
  get said(): Layer2Report | undefined {
    return this.#said;
  }

  /** Nothing is left to hand over: others have it, or there are no others. */
  get isFree(): boolean {
    return this.#stopping && ((this.#holds?.size ?? 0) === 0 || this.#isLonely);
  }

  /** From the next run on everything is handed over. */
  stop(): void {
    this.#stopping = true;
  }

  async act(snapshot: Snapshot, signal: AbortSignal): Promise<Requeue | undefined> {
    const { fleet, liveness, peers, responder, prober, contested, nodeName, onDecided } = this.#options;
    if (!fleet.synced) return undefined;
    const nodeOf = (name: string) => fleet.node(name);
    peers.watch(ringMembers(liveness.members, nodeOf));
    const here = nodeState(nodeName, fleet.node(nodeName));
    const facts = { links: responder.links, linkTowards: (address: Address) => responder.linkTowards(address) };
    const all = layer2Eips(snapshot.eips);
    const eips = all.filter(({ nodeSelector }) => matchesLabels(nodeSelector, here.labels));
    const places = linkEips(eips, here, facts);
    if (this.#waitsForRoutes(places)) return { requeueAfterMs: LOOK_AGAIN_MS };
    this.#holds ??= this.#heldBefore();
    const heardNotices = noticesIn(
      readReport(fleet.speakers().find(({ metadata }) => metadata.name === nodeName)?.status),
    );
    this.#notices ??= heardNotices;
    const wanted = this.#options.addresses(snapshot);
    const { verdict } = liveness;
    const { live, cutOff } = verdict;
    const own = {
      holds: new Set(this.#holds.keys()),
      yields: standingNotices(this.#notices, heardNotices),
      stopping: this.#stopping,
      unable: new Set(places.unable),
    };
    const decisions = decideOwnership({
      self: nodeName,
      nodes: nodesSeen({ self: nodeName, own, speakers: fleet.speakers(), node: nodeOf, live, heard: liveness.heard }),
      wanted,
      cutOff,
      asked: prober.answers(),
      contested: contested(),
      settled: this.#msUntil(SETTLE_MS) <= 0,
    });
    await this.#answer(decisions, wanted, places);
    const yielded = decisions.flatMap(({ text, action, other }) => (action === 'hold' && other ? [text] : []));
    this.#notices = nextNotices({
      holds: this.#holds.keys(),
      said: this.#notices,
      heard: heardNotices,
      wanted: new Set(this.#stopping ? this.#holds.keys() : yielded),
    });
    this.#say(places, interfacesOf(all, here, facts));
    this.#ask(decisions, wanted, places, signal);
    onDecided(decisions, wanted);
    return this.#again(decisions);
  }

  /** Where a route is not known yet, nobody shall hear that this node can't do what it can. */
  #waitsForRoutes({ unrouted }: EipLinks): boolean {
    const nowMs = this.#options.clock.monotonicMs();
    for (const text of this.#unroutedSinceMs.keys()) if (!unrouted.includes(text)) this.#unroutedSinceMs.delete(text);
    for (const text of unrouted) if (!this.#unroutedSinceMs.has(text)) this.#unroutedSinceMs.set(text, nowMs);
    return [...this.#unroutedSinceMs.values()].some((sinceMs) => nowMs - sinceMs < ROUTE_KNOWN_AFTER_MS);
  }

  #heldBefore(): Map<string, readonly string[]> {
    const { nodeName, fleet, log } = this.#options;
    const holds = new Map<string, string[]>();
    for (const { address, interface: on } of hadBefore(nodeName, fleet.speakers(), (name) => fleet.node(name))) {
      holds.set(address, [...(holds.get(address) ?? []), on]);
    }
    if (holds.size > 0) log.info({ addresses: holds.size }, 'going on with what this node had');
    return holds;
  }

  async #answer(
    decisions: readonly Decision[],
    wanted: ReadonlyMap<string, Layer2Candidate>,
    { links }: EipLinks,
  ): Promise<void> {
    const holds = new Map<string, readonly string[]>();
    const answered: Answered[] = [];
    for (const { text, action, other } of decisions) {
      const one = wanted.get(text);
      if (!one || (action !== 'hold' && action !== 'take')) continue;
      const matching = links.get(one.eip.name) ?? [];
      const places = matching.length > 0 ? matching : (this.#holds?.get(text) ?? []);
      holds.set(text, places);
      // Whoever is called to take it announces it while it is answered for here still.
      const isYielding = action === 'hold' && other !== undefined;
      for (const on of places)
        answered.push({ address: one.address, interface: on, ...(isYielding && { isYielding }) });
    }
    this.#holds = holds;
    this.#isLonely = decisions.every(({ action, reason }) => action !== 'hold' || reason === 'SpeakerStopping');
    const text = answered.map(textOf).sort().join();
    if (text === this.#answered) return;
    await this.#options.responder.answerFor(answered);
    this.#answered = text;
  }

  #say({ unable }: EipLinks, interfaces: Layer2Report['interfaces']): void {
    const { peers, onSaid } = this.#options;
    const addresses = [...(this.#holds ?? [])]
      .flatMap(([address, places]) =>
        places.map((on) => ({
          address,
          interface: on,
          ...(this.#notices?.has(address) && { yielding: true as const }),
        })),
      )
      .sort(byAddress);
    const said = { addresses, unable, interfaces, suspects: [...peers.lost].sort(), stopping: this.#stopping };
    const isNews = JSON.stringify(said) !== JSON.stringify(this.#said);
    this.#said = said;
    if (isNews) onSaid();
  }

  #ask(
    decisions: readonly Decision[],
    wanted: ReadonlyMap<string, Layer2Candidate>,
    { links }: EipLinks,
    signal: AbortSignal,
  ): void {
    const { prober } = this.#options;
    const toAsk = decisions.flatMap(({ text, action, reason }) => {
      // An answer is good for the question it was asked for, not for the next one.
      if (action !== 'ask' && !isAnswered(reason)) prober.forget(text);
      const one = action === 'ask' ? wanted.get(text) : undefined;
      if (!one || (reason === 'NoOwner' && this.#msUntil(ACQUAINTED_MS) > 0)) return [];
      const places = (links.get(one.eip.name) ?? []).map((on) => ({ address: one.address, interface: on }));
      return [{ text, places }];
    });
    prober.ask(toAsk, signal);
  }

  /** By time alone: an answer from the wire grows old, the node settles, and no word comes of renewals by which others prove that they live. */
  #again(decisions: readonly Decision[]): Requeue | undefined {
    const { prober, clock } = this.#options;
    const moments = [this.#msUntil(ACQUAINTED_MS), this.#msUntil(SETTLE_MS)].filter((ms) => ms > 0);
    if (decisions.some(({ reason }) => isAnswered(reason))) moments.push(prober.nextMs - clock.monotonicMs());
    if (decisions.some(({ action, reason }) => action === 'hold' && !RESTING.includes(reason)))
      moments.push(HEARD_LOOK_MS);
    const nextMs = Math.min(...moments, Number.POSITIVE_INFINITY);
    return Number.isFinite(nextMs) ? { requeueAfterMs: Math.max(1, nextMs) } : undefined;
  }

  /** @param ageMs of this term. */
  #msUntil(ageMs: number): number {
    return this.#startedMs + ageMs - this.#options.clock.monotonicMs();
  }
}

function isAnswered(reason: Decision['reason']): boolean {
  return reason === 'OwnerResponding' || reason === 'AddressConflict';
}

function textOf({ address, interface: on, isYielding }: Answered): string {
  return `${formatAddress(address)}%${on}${isYielding ? ' yielding' : ''}`;
}

function byAddress(a: Layer2Report['addresses'][number], b: Layer2Report['addresses'][number]): number {
  if (a.address === b.address) return a.interface < b.interface ? -1 : 1;
  return a.address < b.address ? -1 : 1;
}
