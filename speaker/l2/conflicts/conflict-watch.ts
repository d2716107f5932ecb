/**
 * Keeps an eye on machines that have an address of ours: asks them as long as they answer, and tells people when it begins and when it is over. A node of the
 * cluster is told by its name; of what this node itself has on an interface nobody needs to be asked.
 */
import type { Reason } from '../../../lib/api/reasons.ts';
import { type Layer2Conflict, MOST_CONFLICTS, type SpeakerObject } from '../../../lib/api/skycap/speaker-types.ts';
import type { EventRecorder } from '../../../lib/kube/events/events.ts';
import { formatAddress } from '../../../lib/net/address.ts';
import type { Clock } from '../../../lib/process/clock.ts';
import type { Logger } from '../../../lib/process/log.ts';
import type { Requeue } from '../../../lib/process/loop/level-loop.ts';
import type { SpeakerMetrics } from '../../metrics.ts';
import { formatMac, type MacAddress, parseMac } from '../frames/mac-address.ts';
import type { OtherOwner } from '../link/link.ts';
import type { ResponderPort } from '../link/responder-port.ts';
import type { Decision } from '../ownership/decide-owner.ts';
import { type Layer2Candidate, sharingServicesOf } from '../ownership/layer2-addresses.ts';
import { conflictOverText, conflictText } from './conflict-text.ts';
import { ConflictTracker, type Kind } from './conflict-tracker.ts';

export interface ConflictWatchOptions {
  readonly nodeName: string;
  readonly responder: Pick<ResponderPort, 'links' | 'probe'>;
  /** What all nodes say, this one among them. */
  readonly speakers: () => readonly SpeakerObject[];
  /** The interfaces on which an address is answered for here. */
  readonly places: (text: string) => readonly string[];
  /** The interfaces of this node that have an address, whichever they are. */
  readonly interfacesWith: (text: string) => readonly string[];
  /** The API server has not answered for long: others may have taken over, and can't say so. */
  readonly isOutOfTouch: () => boolean;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly metrics: Pick<SpeakerMetrics, 'layer2Conflicts'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly log: Logger;
  /** @default Math.random */
  readonly random?: () => number;
}

export class ConflictWatch {
  readonly #options: ConflictWatchOptions;
  readonly #seen = new ConflictTracker();
  #wanted: ReadonlyMap<string, Layer2Candidate> = new Map();
  /** Texts of addresses that are answered for here. */
  #held: ReadonlySet<string> = new Set();
  #own: readonly Layer2Conflict[] = [];
  #toldBefore: readonly Layer2Conflict[] = [];

  constructor(options: ConflictWatchOptions) {
    this.#options = options;
  }

  /** Those that go on, in the order of addresses; not more than {@link MOST_CONFLICTS}. */
  get conflicts(): readonly Layer2Conflict[] {
    const byKey = new Map(
      [...this.#own, ...this.#seen.told.map((one) => this.#name(one))].map((one) => [keyOf(one), one]),
    );
    return [...byKey]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, one]) => one)
      .slice(0, MOST_CONFLICTS);
  }

  /** What this node's object says, before it is written anew. */
  begin(told: readonly Layer2Conflict[]): void {
    this.#toldBefore = told;
  }

  /** Layer 2 is not in use any more. */
  end(): void {
    this.decided([], new Map(), () => []);
  }

  /** Somebody says that he has what is answered for here. */
  heard(other: OtherOwner): void {
    this.#options.metrics.layer2Conflicts.inc();
    this.#note(other);
  }

  /**
   * Every decision of a run.
   *
   * @param whoAnswered when an address was asked for.
   */
  decided(
    decisions: readonly Decision[],
    wanted: ReadonlyMap<string, Layer2Candidate>,
    whoAnswered: (text: string) => readonly OtherOwner[],
  ): void {
    this.#wanted = wanted;
    const before = this.#held;
    this.#held = new Set(
      decisions.flatMap(({ text, action }) => (action === 'hold' || action === 'take' ? [text] : [])),
    );
    const asked = new Set<string>();
    for (const { text, action, reason, other: holder } of decisions) {
      const isFound = reason === 'NoOwner' || reason === 'OwnerLost';
      if (action === 'take' && isFound) this.#foundFree(text);
      if (action === 'ask' || isAnswered(reason)) asked.add(text);
      if (action !== 'ignore' || !isAnswered(reason)) continue;
      for (const one of whoAnswered(text)) if (holder === undefined || this.#isStranger(one, holder)) this.#note(one);
    }
    // Moved, or not published any more: whoever has it now hears of it, and this node does not.
    this.#seen.keepOnly((text) => this.#held.has(text) || asked.has(text));
    for (const text of this.#held) if (!before.has(text)) this.#takeUp(text);
    this.#toldBefore = [];
    this.#lookAtOwn();
  }

  /** Asks what is due, and tells what is news. @param signal ends a question. */
  act(signal: AbortSignal): Requeue | undefined {
    const { clock, responder, log } = this.#options;
    const nowMs = clock.monotonicMs();
    const { begun, over } = this.#seen.news(nowMs, (other) => this.#kindOf(other));
    for (const other of begun) this.#tell(this.#name(other));
    for (const other of over) this.#tellOver(this.#name(other));
    const due = this.#seen.due(nowMs, (text) => this.#held.has(text));
    if (due.length > 0) {
      // Who answers is heard as any other conflict.
      responder.probe(due, signal).catch((err: unknown) => {
        if (!signal.aborted) log.warn({ err }, 'could not ask about conflicts');
      });
    }
    const { nextMs } = this.#seen;
    return nextMs === undefined ? undefined : { requeueAfterMs: Math.max(1, nextMs - nowMs) };
  }

  /** The node of the cluster, other than this one, that has the MAC address, and on which interface. */
  nodeOf(mac: MacAddress) {
    const text = formatMac(mac);
    for (const speaker of this.#others()) {
      const name = speaker.metadata.name ?? '';
      const { layer2Interfaces = [], layer2Conflicts = [] } = speaker.status ?? {};
      // By an interface of no Eip a node tells of what it has there.
      const itsOwn = layer2Conflicts.flatMap((one) =>
        one.node === name ? [{ name: one.interface, mac: one.mac }] : [],
      );
      const found = [...layer2Interfaces, ...itsOwn].find((one) => one.mac === text);
      if (found) return { name, interface: found.name, speaker };
    }
    return undefined;
  }

  #note(other: OtherOwner): void {
    const { clock, random = Math.random } = this.#options;
    this.#seen.heard(other, clock.monotonicMs(), random());
  }

  /** Nobody answered on the wire, just now. */
  #foundFree(text: string): void {
    for (const other of this.#seen.keepOnly((one) => one !== text)) this.#tellOver(this.#name(other));
  }

  /** What was told of an address before it came here: by its former owner, or by this node before it was started again. */
  #takeUp(text: string): void {
    const { speakers, clock, places } = this.#options;
    const address = this.#wanted.get(text)?.address;
    const told = [...speakers().flatMap(({ status }) => status?.layer2Conflicts ?? []), ...this.#toldBefore];
    for (const { address: of, mac } of address ? told : []) {
      const other = { address: address!, mac: parseMac(mac) };
      if (of !== text || this.#isOwn(other.mac)) continue;
      for (const on of places(text)) this.#seen.suspect({ ...other, interface: on }, clock.monotonicMs());
    }
  }

  #isOwn(mac: MacAddress): boolean {
    return this.#options.responder.links.some((link) => link.mac === mac);
  }

  /** The kernel of this node answers for what is on its interfaces, whoever is to have it. */
  #lookAtOwn(): void {
    const { responder, nodeName } = this.#options;
    const before = new Map(this.#own.map((one) => [keyOf(one), one]));
    const onLinks = responder.links.flatMap(({ name, mac, addresses }) =>
      addresses.flatMap((address): Layer2Conflict[] => {
        const text = formatAddress(address);
        return this.#wanted.has(text) ? [{ address: text, mac: formatMac(mac), interface: name, node: nodeName }] : [];
      }),
    );
    this.#own = [...onLinks, ...this.#heardElsewhere(onLinks)];
    for (const one of this.#own) if (!before.delete(keyOf(one))) this.#tell(one);
    for (const one of before.values()) if (this.#wanted.has(one.address)) this.#tellOver(one);
  }

  /** What is on `lo` may be there to be answered for by nobody: it is told when another node has heard this one. */
  #heardElsewhere(known: readonly Layer2Conflict[]): Layer2Conflict[] {
    const { nodeName, interfacesWith } = this.#options;
    const heard = this.#others().flatMap(({ status }) => status?.layer2Conflicts ?? []);
    const ofThis = heard.filter(
      ({ node, address }) =>
        node === nodeName && this.#wanted.has(address) && !known.some((one) => one.address === address),
    );
    return ofThis.flatMap(({ address, mac }) =>
      interfacesWith(address).map((name) => ({ address, mac, interface: name, node: nodeName })),
    );
  }

  #kindOf(other: OtherOwner): Kind {
    const text = formatAddress(other.address);
    const { isOutOfTouch } = this.#options;
    const node = this.nodeOf(other.mac);
    if (node && isOutOfTouch()) return 'holder';
    const holders = this.#others().filter(({ status }) =>
      status?.layer2Addresses?.some(({ address }) => address === text),
    );
    // One that does not say which interfaces it has may be anybody.
    const isHolder = ({ metadata, status }: SpeakerObject) => metadata.name === node?.name || !status?.layer2Interfaces;
    if (holders.some(isHolder)) return 'holder';
    return node ? 'node' : 'machine';
  }

  /** It is none of our nodes, so it is not `holder` that answered. */
  #isStranger({ mac }: OtherOwner, holder: string): boolean {
    const saysItsInterfaces = this.#others().some(
      ({ metadata, status }) => metadata.name === holder && (status?.layer2Interfaces?.length ?? 0) > 0,
    );
    return saysItsInterfaces && this.nodeOf(mac)?.name !== holder;
  }

  #name(other: OtherOwner): Layer2Conflict {
    const node = this.nodeOf(other.mac);
    const seen = { address: formatAddress(other.address), mac: formatMac(other.mac), interface: other.interface };
    if (!node) return seen;
    // Its kernel answers on this interface for what is on another one, too.
    const own = node.speaker.status?.layer2Conflicts?.find(
      (one) => one.node === node.name && one.address === seen.address,
    );
    return own ?? { ...seen, interface: node.interface, node: node.name };
  }

  #others(): readonly SpeakerObject[] {
    const { speakers, nodeName } = this.#options;
    return speakers().filter(({ metadata }) => metadata.name !== nodeName);
  }

  #tell(conflict: Layer2Conflict): void {
    this.#options.log.warn({ ...conflict, reason: 'AddressConflict' }, 'another machine has an address of ours');
    this.#record(conflict.address, 'Warning', 'AddressConflict', conflictText(conflict));
  }

  #tellOver(conflict: Layer2Conflict): void {
    this.#options.log.info(
      { ...conflict, reason: 'AddressConflictOver' },
      'another machine has given up an address of ours',
    );
    this.#record(conflict.address, 'Normal', 'AddressConflictOver', conflictOverText(conflict));
  }

  #record(text: string, type: 'Normal' | 'Warning', reason: Reason, note: string): void {
    for (const regarding of sharingServicesOf(this.#wanted.get(text))) {
      this.#options.events.record({ regarding, type, reason, action: 'Announce', note, isTurn: true });
    }
  }
}

/** It is asked about again, since somebody answered. */
function isAnswered(reason: Reason): boolean {
  return reason === 'AddressConflict' || reason === 'OwnerResponding';
}

function keyOf({ address, mac, interface: on }: Layer2Conflict): string {
  return `${address} ${mac} ${on}`;
}
