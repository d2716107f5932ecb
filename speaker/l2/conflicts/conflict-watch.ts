/**
 * Watches machines that use an address of this node: probes for the address as long as the machine answers, and reports the begin and the end of the conflict in
 * the log and in Events. Reports name a node of the cluster. For addresses on interfaces of this node itself no probe is needed.
 */
import type { Reason } from '../../../lib/api/reasons.ts';
import { type Layer2Conflict, MOST_CONFLICTS, type SpeakerObject } from '../../../lib/api/skycap/speaker-types.ts';
import type { EventRecorder } from '../../../lib/kube/events/events.ts';
import type { Decision } from '../../../lib/layer2/decide-owner.ts';
import { type Layer2Candidate, sharingServicesOf } from '../../../lib/layer2/layer2-candidate.ts';
import { formatAddress } from '../../../lib/net/address.ts';
import type { Clock } from '../../../lib/process/clock.ts';
import type { Logger } from '../../../lib/process/log.ts';
import type { Requeue } from '../../../lib/process/loop/level-loop.ts';
import type { SpeakerMetrics } from '../../metrics.ts';
import { formatMac, type MacAddress, parseMac } from '../frames/mac-address.ts';
import type { OtherOwner } from '../link/link.ts';
import type { ResponderPort } from '../link/responder-port.ts';
import { conflictOverText, conflictText } from './conflict-text.ts';
import { ConflictTracker, type Kind } from './conflict-tracker.ts';

export interface ConflictWatchOptions {
  readonly nodeName: string;
  readonly responder: Pick<ResponderPort, 'links' | 'probe'>;
  /** The Speakers of all nodes, with this one's. */
  readonly speakers: () => readonly SpeakerObject[];
  /** The interfaces on which this node answers for the address. */
  readonly interfacesAnswering: (text: string) => readonly string[];
  /** The interfaces of this node that have the address, of any kind. */
  readonly interfacesWith: (text: string) => readonly string[];
  /** The API server has not answered for long: another node may have taken over without a report that this node can read. */
  readonly isPartitioned: () => boolean;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly metrics: Pick<SpeakerMetrics, 'layer2Conflicts'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly log: Logger;
  /** @default Math.random */
  readonly random?: () => number;
}

export class ConflictWatch {
  readonly #options: ConflictWatchOptions;
  readonly #tracker = new ConflictTracker();
  #wanted: ReadonlyMap<string, Layer2Candidate> = new Map();
  /** Texts of the addresses that this node answers for. */
  #held: ReadonlySet<string> = new Set();
  #own: readonly Layer2Conflict[] = [];
  /** The conflicts that the former process reported. */
  #formerConflicts: readonly Layer2Conflict[] = [];

  constructor(options: ConflictWatchOptions) {
    this.#options = options;
  }

  /** The present conflicts, sorted by address; not more than {@link MOST_CONFLICTS}. */
  get conflicts(): readonly Layer2Conflict[] {
    const byKey = new Map(
      [...this.#own, ...this.#tracker.reported.map((one) => this.#name(one))].map((one) => [keyOf(one), one]),
    );
    return [...byKey]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, one]) => one)
      .slice(0, MOST_CONFLICTS);
  }

  /** @param former conflicts in this node's Speaker object, before the first write. */
  begin(former: readonly Layer2Conflict[]): void {
    this.#formerConflicts = former;
  }

  /** Layer 2 is not in use any more. */
  end(): void {
    this.decided([], new Map(), () => []);
  }

  /** A machine uses an address that this node answers for. */
  heard(other: OtherOwner): void {
    this.#options.metrics.layer2Conflicts.inc();
    this.#note(other);
  }

  /**
   * Receives all decisions of a run.
   *
   * @param ownersFound returns the machines that answered the last probe for an address.
   */
  decided(
    decisions: readonly Decision[],
    wanted: ReadonlyMap<string, Layer2Candidate>,
    ownersFound: (text: string) => readonly OtherOwner[],
  ): void {
    this.#wanted = wanted;
    const before = this.#held;
    this.#held = new Set(
      decisions.flatMap(({ text, action }) => (action === 'hold' || action === 'take' ? [text] : [])),
    );
    const probed = new Set<string>();
    for (const { text, action, reason, other: owner } of decisions) {
      const isFound = reason === 'NoOwner' || reason === 'OwnerLost';
      if (action === 'take' && isFound) this.#foundFree(text);
      if (action === 'probe' || isAnswered(reason)) probed.add(text);
      if (action !== 'ignore' || !isAnswered(reason)) continue;
      for (const one of ownersFound(text)) if (owner === undefined || this.#isStranger(one, owner)) this.#note(one);
    }
    // For an address that has moved, the new owner hears of conflicts, and this node does not.
    this.#tracker.keepOnly((text) => this.#held.has(text) || probed.has(text));
    for (const text of this.#held) if (!before.has(text)) this.#suspectFormer(text);
    this.#formerConflicts = [];
    this.#lookAtOwn();
  }

  /** Probes for what is due, and reports what is new. @param signal ends a probe. */
  act(signal: AbortSignal): Requeue | undefined {
    const { clock, responder, log } = this.#options;
    const nowMs = clock.monotonicMs();
    const { begun, over } = this.#tracker.news(nowMs, (other) => this.#kindOf(other));
    for (const other of begun) this.#tell(this.#name(other));
    for (const other of over) this.#tellOver(this.#name(other));
    const due = this.#tracker.due(nowMs, (text) => this.#held.has(text));
    if (due.length > 0) {
      // An answer arrives as a conflict, like any other.
      responder.probe(due, signal).catch((err: unknown) => {
        if (!signal.aborted) log.warn({ err }, 'could not probe for conflicts');
      });
    }
    const { nextMs } = this.#tracker;
    return nextMs === undefined ? undefined : { requeueAfterMs: Math.max(1, nextMs - nowMs) };
  }

  /** The node of the cluster, other than this one, that has the MAC address, and on which interface. */
  nodeOf(mac: MacAddress) {
    const text = formatMac(mac);
    for (const speaker of this.#others()) {
      const name = speaker.metadata.name ?? '';
      const { layer2Interfaces = [], layer2Conflicts = [] } = speaker.status ?? {};
      // A node may use the address on an interface of no Eip; its own conflict names the interface.
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
    this.#tracker.heard(other, clock.monotonicMs(), random());
  }

  /** No machine answered the last probe. */
  #foundFree(text: string): void {
    for (const other of this.#tracker.keepOnly((one) => one !== text)) this.#tellOver(this.#name(other));
  }

  /** Takes up the conflicts that the former owner of an address has reported, or this node's former process. */
  #suspectFormer(text: string): void {
    const { speakers, clock, interfacesAnswering } = this.#options;
    const address = this.#wanted.get(text)?.address;
    const reported = [...speakers().flatMap(({ status }) => status?.layer2Conflicts ?? []), ...this.#formerConflicts];
    for (const { address: of, mac } of address ? reported : []) {
      const other = { address: address!, mac: parseMac(mac) };
      if (of !== text || this.#isOwn(other.mac)) continue;
      for (const on of interfacesAnswering(text)) {
        this.#tracker.suspect({ ...other, interface: on }, clock.monotonicMs());
      }
    }
  }

  #isOwn(mac: MacAddress): boolean {
    return this.#options.responder.links.some((link) => link.mac === mac);
  }

  /** The kernel of this node answers for addresses on its interfaces, whichever node owns them. */
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

  /** The kernel need not answer for an address on `lo`. Such an address is a conflict only if another node has heard this one. */
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
    const { isPartitioned } = this.#options;
    const node = this.nodeOf(other.mac);
    if (node && isPartitioned()) return 'owner';
    const owners = this.#others().filter(({ status }) =>
      status?.layer2Addresses?.some(({ address }) => address === text),
    );
    // An owner whose Speaker names no interfaces may be any machine.
    const isOwner = ({ metadata, status }: SpeakerObject) => metadata.name === node?.name || !status?.layer2Interfaces;
    if (owners.some(isOwner)) return 'owner';
    return node ? 'node' : 'machine';
  }

  /** Another machine than `owner` answered. */
  #isStranger({ mac }: OtherOwner, owner: string): boolean {
    const namesInterfaces = this.#others().some(
      ({ metadata, status }) => metadata.name === owner && (status?.layer2Interfaces?.length ?? 0) > 0,
    );
    return namesInterfaces && this.nodeOf(mac)?.name !== owner;
  }

  #name(other: OtherOwner): Layer2Conflict {
    const node = this.nodeOf(other.mac);
    const seen = { address: formatAddress(other.address), mac: formatMac(other.mac), interface: other.interface };
    if (!node) return seen;
    // The kernel of that node answers on this interface for an address on another one, too.
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

/** Another probe follows, since a machine has answered the last one. */
function isAnswered(reason: Reason): boolean {
  return reason === 'AddressConflict' || reason === 'OwnerResponding';
}

function keyOf({ address, mac, interface: on }: Layer2Conflict): string {
  return `${address} ${mac} ${on}`;
}
