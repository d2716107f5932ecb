/**
 * The loop of layer 2 while an Eip of layer 2 exists: snapshot → decisions → answers → report. Nothing between a decision and its answer waits for the API
 * server; the report is written concurrently.
 *
 * This node holds the addresses that it answers for. After a start it holds those of its Speaker object, so that a speaker that was killed goes on.
 */

import { nodeState } from '../../lib/announce/node-state.ts';
import { matchesLabels } from '../../lib/api/meta/label-selector.ts';
import type { Reason } from '../../lib/api/reasons.ts';
import { type Decision, decideOwnership } from '../../lib/layer2/decide-owner.ts';
import { type Layer2Candidate, layer2Eips } from '../../lib/layer2/layer2-candidate.ts';
import { type Address, formatAddress } from '../../lib/net/address.ts';
import type { Clock } from '../../lib/process/clock.ts';
import type { Logger } from '../../lib/process/log.ts';
import type { Requeue } from '../../lib/process/loop/level-loop.ts';
import type { Snapshot } from '../../lib/snapshot/snapshot.ts';
import type { AddressProber } from './address-prober.ts';
import type { Answered, ResponderPort } from './link/responder-port.ts';
import { type EipLinks, interfacesOf, linkEips } from './ownership/eip-links.ts';
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
  /** The addresses that one node at a time has to answer for, by their text. */
  readonly addresses: (snapshot: Snapshot) => ReadonlyMap<string, Layer2Candidate>;
  /** See {@link PartitionConflicts}. */
  readonly partitionConflicts: () => ReadonlySet<string>;
  /** {@link OwnershipLoop.report} has changed. */
  readonly onReport: () => void;
  /** Receives all decisions of a run. */
  readonly onDecided: (decisions: readonly Decision[], wanted: ReadonlyMap<string, Layer2Candidate>) => void;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly log: Logger;
}

/** When layer 2 begins, nodes learn of each other first: a node takes an address without an owner only after this time. */
const ACQUAINTED_MS = 1_000;
/** A node that has returned rebalances no address before, since it may fail again. */
const SETTLE_MS = 10_000;
/** The responder's thread reads the kernel's routes within this time. */
const ROUTE_KNOWN_AFTER_MS = 1_000;
const LOOK_AGAIN_MS = 50;
/** The reasons of `hold` with which this node waits for no other one. */
const RESTING: readonly Reason[] = ['Announced', 'NoLocalEndpoints'];
/** The interval of looks while this node waits for a sign of life of another one. */
const HEARD_LOOK_MS = 250;

export class OwnershipLoop {
  readonly #options: OwnershipLoopOptions;
  readonly #startedMs: number;
  readonly #unroutedSinceMs = new Map<string, number>();
  /** The interfaces on which this node answers, by the text of the address. Undefined until the addresses of the former process are known. */
  #holds: Map<string, readonly string[]> | undefined;
  /** Texts of addresses that this node has given notice for. */
  #notices: ReadonlySet<string> | undefined;
  #answered = '';
  #stopping = false;
  #report: Layer2Report | undefined;
  /** No other node can take the addresses over. */
  #isAlone = false;

  constructor(options: OwnershipLoopOptions) {
    this.#options = options;
    this.#startedMs = options.clock.monotonicMs();
  }

  /** The report for the other nodes; undefined before the first decisions. */
  get report(): Layer2Report | undefined {
    return this.#report;
  }

  /** Nothing is left to hand over: other nodes have the addresses, or there are no other nodes. */
  get isFree(): boolean {
    return this.#stopping && ((this.#holds?.size ?? 0) === 0 || this.#isAlone);
  }

  /** The next run begins to hand all addresses over. */
  stop(): void {
    this.#stopping = true;
  }

  async act(snapshot: Snapshot, signal: AbortSignal): Promise<Requeue | undefined> {
    const { fleet, liveness, peers, responder, prober, partitionConflicts, nodeName, onDecided } = this.#options;
    if (!fleet.synced) return undefined;
    const nodeOf = (name: string) => fleet.node(name);
    peers.watch(ringMembers(liveness.members, nodeOf));
    const here = nodeState(nodeName, fleet.node(nodeName));
    const facts = { links: responder.links, linkTowards: (address: Address) => responder.linkTowards(address) };
    const all = layer2Eips(snapshot.eips);
    const eips = all.filter(({ nodeSelector }) => matchesLabels(nodeSelector, here.labels));
    const eipLinks = linkEips(eips, here, facts);
    if (this.#waitsForRoutes(eipLinks)) return { requeueAfterMs: LOOK_AGAIN_MS };
    this.#holds ??= this.#heldBefore();
    const observedNotices = noticesIn(
      readReport(fleet.speakers().find(({ metadata }) => metadata.name === nodeName)?.status),
    );
    this.#notices ??= observedNotices;
    const wanted = this.#options.addresses(snapshot);
    const { verdict } = liveness;
    const { live, cutOff } = verdict;
    const own = {
      holds: new Set(this.#holds.keys()),
      yields: standingNotices(this.#notices, observedNotices),
      stopping: this.#stopping,
      unable: new Set(eipLinks.unable),
    };
    const decisions = decideOwnership({
      self: nodeName,
      nodes: nodesSeen({ self: nodeName, own, speakers: fleet.speakers(), node: nodeOf, live, heard: liveness.heard }),
      wanted,
      cutOff,
      probed: prober.results(),
      partitionConflicts: partitionConflicts(),
      settled: this.#msUntil(SETTLE_MS) <= 0,
    });
    await this.#answer(decisions, wanted, eipLinks);
    const yielded = decisions.flatMap(({ text, action, other }) => (action === 'hold' && other ? [text] : []));
    this.#notices = nextNotices({
      holds: this.#holds.keys(),
      written: this.#notices,
      observed: observedNotices,
      wanted: new Set(this.#stopping ? this.#holds.keys() : yielded),
    });
    this.#updateReport(eipLinks, interfacesOf(all, here, facts));
    this.#probe(decisions, wanted, eipLinks, signal);
    onDecided(decisions, wanted);
    return this.#again(decisions);
  }

  /** While a route is still unknown, the report would call an Eip `unable` that has an interface. */
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
      const interfaces = matching.length > 0 ? matching : (this.#holds?.get(text) ?? []);
      holds.set(text, interfaces);
      // The successor announces the address while this node still answers for it.
      const isYielding = action === 'hold' && other !== undefined;
      for (const on of interfaces)
        answered.push({ address: one.address, interface: on, ...(isYielding && { isYielding }) });
    }
    this.#holds = holds;
    this.#isAlone = decisions.every(({ action, reason }) => action !== 'hold' || reason === 'SpeakerStopping');
    const text = answered.map(textOf).sort().join();
    if (text === this.#answered) return;
    await this.#options.responder.answerFor(answered);
    this.#answered = text;
  }

  #updateReport({ unable }: EipLinks, interfaces: Layer2Report['interfaces']): void {
    const { peers, onReport } = this.#options;
    const addresses = [...(this.#holds ?? [])]
      .flatMap(([address, answeringOn]) =>
        answeringOn.map((on) => ({
          address,
          interface: on,
          ...(this.#notices?.has(address) && { yielding: true as const }),
        })),
      )
      .sort(byAddress);
    const report = { addresses, unable, interfaces, suspects: [...peers.lost].sort(), stopping: this.#stopping };
    const isNews = JSON.stringify(report) !== JSON.stringify(this.#report);
    this.#report = report;
    if (isNews) onReport();
  }

  #probe(
    decisions: readonly Decision[],
    wanted: ReadonlyMap<string, Layer2Candidate>,
    { links }: EipLinks,
    signal: AbortSignal,
  ): void {
    const { prober } = this.#options;
    const requests = decisions.flatMap(({ text, action, reason }) => {
      // A result counts for one decision, not for the next one.
      if (action !== 'probe' && !isAnswered(reason)) prober.forget(text);
      const one = action === 'probe' ? wanted.get(text) : undefined;
      if (!one || (reason === 'NoOwner' && this.#msUntil(ACQUAINTED_MS) > 0)) return [];
      const targets = (links.get(one.eip.name) ?? []).map((on) => ({ address: one.address, interface: on }));
      return [{ text, targets }];
    });
    prober.probe(requests, signal);
  }

  /** The next run that time alone causes: a probe's result expires, the node settles, or another node's renewal, which triggers no run, is due. */
  #again(decisions: readonly Decision[]): Requeue | undefined {
    const { prober, clock } = this.#options;
    const moments = [this.#msUntil(ACQUAINTED_MS), this.#msUntil(SETTLE_MS)].filter((ms) => ms > 0);
    if (decisions.some(({ reason }) => isAnswered(reason))) moments.push(prober.nextMs - clock.monotonicMs());
    if (decisions.some(({ action, reason }) => action === 'hold' && !RESTING.includes(reason)))
      moments.push(HEARD_LOOK_MS);
    const nextMs = Math.min(...moments, Number.POSITIVE_INFINITY);
    return Number.isFinite(nextMs) ? { requeueAfterMs: Math.max(1, nextMs) } : undefined;
  }

  /** @param ageMs of this loop. */
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
