/**
 * The responder's thread waits for its sockets, answers frames, and carries out the messages of the main thread. The rules are pure and stand in `rules/`;
 * this file has the sockets, the clock and the order.
 */
import type { Address } from '../../../lib/net/address.ts';
import { formatAddress } from '../../../lib/net/address.ts';
import type { Layer2Address, Link } from '../link/link.ts';
import type { Answered } from '../link/responder-port.ts';
import { LinkResponder } from './link-responder.ts';
import { AF_PACKET, close, eventfd, LibcError, PollSet, resetEventfd, SOCK_RAW, socket } from './linux/libc.ts';
import { LinkTable } from './linux/link-table.ts';
import type { PacketSocket } from './linux/packet-socket.ts';
import type { ResponderCounts, Sent } from './responder-counts.ts';
import type { FromThread, ToThread } from './responder-messages.ts';
import { Announcements } from './rules/announcements.ts';
import type { FrameAction } from './rules/decide-answer.ts';
import { Defence } from './rules/defence.ts';
import { announcementOf, probeFor } from './rules/frames-to-send.ts';
import { Probes } from './rules/probes.ts';

/** The thread notices within this time that the process ends without a message; a message wakes it at once. Each wait costs half a millisecond. */
const LONGEST_WAIT_MS = 2_000;
/** The interval of attempts to open a socket or to join a group. */
const RETRY_MS = 1_000;
/** Longer frames are cut off: ARP and neighbour discovery need no more. */
const LONGEST_FRAME = 2_048;

export interface ThreadOptions {
  readonly counts: ResponderCounts;
  readonly tell: (message: FromThread) => void;
  /** @returns the next message, if there is one. */
  readonly hear: () => ToThread | undefined;
  readonly nowMs: () => number;
}

export class ResponderThread implements Disposable {
  readonly #options: ThreadOptions;
  readonly #wake = eventfd();
  readonly #table = new LinkTable();
  readonly #linkResponders = new Map<number, LinkResponder>();
  readonly #announcements = new Announcements();
  readonly #defence = new Defence();
  readonly #probes = new Probes();
  readonly #buffer = new Uint8Array(LONGEST_FRAME);
  #answered: ReadonlyMap<string, Answered> = new Map();
  /** Undefined after a change of the LinkResponders or their sockets; the next step makes a new one. */
  #pollSet: PollSet | undefined;
  readonly #receivers = new Map<number, { readonly linkResponder: LinkResponder; readonly socket: PacketSocket }>();
  #retryMs: number | undefined;
  #isStopped = false;
  /** Without the right to packet sockets the thread reports no links, so other nodes take the addresses. */
  readonly #mayAnswer: boolean = false;

  constructor(options: ThreadOptions) {
    this.#options = options;
    options.tell({ kind: 'started', wake: this.#wake });
    // The first message needs the links.
    this.#table.refresh(options.nowMs());
    try {
      close(socket(AF_PACKET, SOCK_RAW, 0));
      this.#mayAnswer = true;
    } catch (error) {
      if (!(error instanceof LibcError)) throw error;
      options.tell({
        kind: 'error',
        what: 'open packet sockets, which takes the capability NET_RAW',
        error: error.message,
      });
    }
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Waits for a socket, a message or a time, and acts on it. */
  step(): void {
    this.#pollSet ??= this.#listen();
    const ready = this.#pollSet.wait(this.#waitMs());
    for (const fd of ready) this.#onReadable(fd);
    this.#tick(this.#options.nowMs());
  }

  [Symbol.dispose](): void {
    for (const linkResponder of this.#linkResponders.values()) linkResponder[Symbol.dispose]();
    this.#table[Symbol.dispose]();
  }

  #listen(): PollSet {
    this.#receivers.clear();
    for (const linkResponder of this.#linkResponders.values()) {
      for (const socket of linkResponder.sockets) this.#receivers.set(socket.fd, { linkResponder, socket });
    }
    return new PollSet([this.#wake, this.#table.fd, ...this.#receivers.keys()]);
  }

  #waitMs(): number {
    if (this.#joining()) return 0;
    const now = this.#options.nowMs();
    const next = Math.min(
      now + LONGEST_WAIT_MS,
      this.#table.nextMs ?? Infinity,
      this.#announcements.nextMs ?? Infinity,
      this.#probes.nextMs ?? Infinity,
      this.#retryMs ?? Infinity,
    );
    return Math.max(0, Math.ceil(next - now));
  }

  #onReadable(fd: number): void {
    if (fd === this.#wake) this.#hear();
    else if (fd === this.#table.fd) this.#table.onChange(this.#options.nowMs());
    else {
      const receiver = this.#receivers.get(fd);
      // The socket may have been closed since.
      if (receiver && this.#pollSet) this.#receive(receiver.linkResponder, receiver.socket);
    }
  }

  /** The main thread writes to `wake` after every message, and once after the start for earlier messages. */
  #hear(): void {
    resetEventfd(this.#wake);
    for (let message = this.#options.hear(); message; message = this.#options.hear()) this.#onMessage(message);
  }

  #receive(linkResponder: LinkResponder, socket: PacketSocket): void {
    try {
      for (const action of linkResponder.receive(socket, this.#buffer)) this.#onFrame(linkResponder, action);
    } catch (error) {
      this.#onSocketError(linkResponder, error);
    }
  }

  /** The sockets of a link that goes down give ENETDOWN once, and work again when the link is up. Any other error is permanent. */
  #onSocketError(linkResponder: LinkResponder, error: unknown): void {
    if (!(error instanceof LibcError)) throw error;
    if (error.code === 'ENETDOWN') return;
    this.#close(linkResponder);
    this.#retryLater(`use the sockets on ${linkResponder.link.name}`, error);
  }

  #onFrame(linkResponder: LinkResponder, action: FrameAction): void {
    const { counts } = this.#options;
    switch (action.kind) {
      case 'answer':
        this.#send(linkResponder, action.address, action.frame, 'Answer');
        counts.add('Answered');
        break;
      case 'conflict':
        this.#onConflict(linkResponder, action);
        break;
      case 'taken':
        counts.add('Taken');
        if (!this.#table.isOwn(action.mac))
          this.#probes.heard(keyOf(onLink(linkResponder, action.address)), action.mac);
        break;
      case 'notOurs':
        counts.add('NotOurs');
        break;
      case 'dropped':
        counts.add(action.fault);
    }
  }

  #onConflict(linkResponder: LinkResponder, { address, mac }: Extract<FrameAction, { kind: 'conflict' }>): void {
    const where = onLink(linkResponder, address);
    const key = keyOf(where);
    // The frame is from another interface of this node on the same network, or from the successor.
    if (this.#table.isOwn(mac) || this.#answered.get(key)?.isYielding) return;
    this.#options.counts.add('Conflict');
    const isAnswer = this.#probes.isProbing(key);
    const { report, defend } = this.#defence.onConflict(key, mac, this.#options.nowMs(), isAnswer);
    if (report) this.#options.tell({ kind: 'conflict', conflict: { ...where, mac } });
    if (defend) this.#send(linkResponder, address, announcementOf(address, linkResponder.link), 'Defence');
  }

  #onMessage(message: ToThread): void {
    const now = this.#options.nowMs();
    switch (message.kind) {
      case 'answerFor':
        this.#answerFor(message.addresses, now);
        this.#options.tell({ kind: 'answering', id: message.id });
        break;
      case 'probe': {
        const onUpLinks = message.addresses.filter((what) => this.#table.byName(what.interface)?.isUp);
        this.#probes.start(message.id, new Map(onUpLinks.map((what) => [keyOf(what), what])), now);
        this.#arrange();
        break;
      }
      case 'cancelProbe':
        this.#probes.cancel(message.id);
        this.#arrange();
        break;
      case 'follow':
        this.#table.follow(message.address, now);
        break;
      case 'stop':
        this.#isStopped = true;
    }
  }

  #answerFor(addresses: readonly Answered[], now: number): void {
    const before = this.#answered;
    this.#answered = new Map(addresses.map((what) => [keyOf(what), what]));
    for (const key of before.keys()) {
      if (this.#answered.has(key)) continue;
      this.#announcements.remove(key);
      this.#defence.remove(key);
    }
    this.#arrange();
    for (const [key, what] of this.#answered) if (!before.has(key)) this.#announcements.add(key, what, now);
  }

  #tick(now: number): void {
    const anew = this.#table.refresh(now);
    if (anew) this.#announceAnew(anew);
    if (this.#retryMs !== undefined && this.#retryMs <= now) this.#arrange();
    const links = this.#mayAnswer ? this.#table.takeNews() : undefined;
    if (links) this.#options.tell({ kind: 'links', ...links });
    this.#probes.send(now, (what) => this.#probe(what));
    const finished = this.#probes.finished(now);
    for (const { id, owners } of finished) this.#options.tell({ kind: 'probed', id, owners });
    if (finished.length > 0) this.#arrange();
    for (const what of this.#announcements.take(now)) this.#announce(what, now);
    const joining = this.#joining();
    if (joining) this.#try(`join the groups of IPv6 on ${joining.link.name}`, () => joining.joinSome());
  }

  /** A link with groups still to join. Groups come last, since announcements do not need them. */
  #joining(): LinkResponder | undefined {
    for (const linkResponder of this.#linkResponders.values()) if (linkResponder.hasGroupsToJoin) return linkResponder;
    return undefined;
  }

  /** The links have changed. @param links that came up, are new, or whose neighbours have to update their caches. */
  #announceAnew(links: readonly Link[]): void {
    this.#arrange();
    const names = new Set(links.map(({ name }) => name));
    const now = this.#options.nowMs();
    for (const [key, what] of this.#answered) if (names.has(what.interface)) this.#announcements.add(key, what, now);
  }

  /** Opens and closes sockets as the addresses, probes and links need. */
  #arrange(): void {
    this.#retryMs = undefined;
    const answered = byLink(this.#answered.values());
    const probed = byLink(this.#probes.targets().values());
    const { links } = this.#table;
    for (const linkResponder of [...this.#linkResponders.values()]) {
      if (!links.some(({ index }) => index === linkResponder.link.index)) this.#close(linkResponder);
    }
    for (const link of links) {
      // The kernel answers for the node's own addresses.
      const owned = (answered.get(link.name) ?? []).filter((address) => !this.#table.isOwnAddress(address));
      const probedHere = probed.get(link.name) ?? [];
      const present = this.#linkResponders.get(link.index);
      if (present || owned.length + probedHere.length > 0)
        this.#serve(present ?? new LinkResponder(link), link, owned, probedHere);
    }
    this.#pollSet = undefined;
  }

  #serve(linkResponder: LinkResponder, link: Link, owned: readonly Address[], probed: readonly Address[]): void {
    this.#linkResponders.set(link.index, linkResponder);
    this.#try(`answer on ${link.name}`, () => linkResponder.serve(link, owned, probed));
  }

  #try(what: string, act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof LibcError)) throw error;
      this.#retryLater(what, error);
    }
  }

  #close(linkResponder: LinkResponder): void {
    this.#linkResponders.delete(linkResponder.link.index);
    linkResponder[Symbol.dispose]();
    this.#pollSet = undefined;
  }

  #retryLater(what: string, error: LibcError): void {
    this.#retryMs = this.#options.nowMs() + RETRY_MS;
    this.#options.tell({ kind: 'error', what, error: error.message });
  }

  #announce(what: Layer2Address, now: number): void {
    const linkResponder = this.#linkResponderOf(what);
    // On a link that is down, the announcement follows when the link comes up.
    if (!linkResponder?.link.isUp || this.#table.isOwnAddress(what.address)) return;
    const { address } = what;
    if (this.#send(linkResponder, address, announcementOf(address, linkResponder.link), 'Announcement')) return;
    this.#announcements.addOnce(keyOf(what), what, now);
  }

  /** @returns false if the probe has to be sent again. */
  #probe(what: Layer2Address): boolean {
    const linkResponder = this.#linkResponderOf(what);
    if (!linkResponder?.link.isUp) return true;
    const { address } = what;
    const frame = probeFor(address, linkResponder.link, this.#answered.has(keyOf(what)));
    return this.#send(linkResponder, address, frame, 'Probe');
  }

  /** @returns false if the socket's queue is full. */
  #send(linkResponder: LinkResponder, { family }: Address, frame: Uint8Array, kind: Sent): boolean {
    let isSent = false;
    try {
      isSent = linkResponder.send(family, frame);
    } catch (error) {
      // The link goes down or away just now; its sockets or the table report that.
      if (!(error instanceof LibcError)) throw error;
      this.#options.counts.add('Unsent');
      return true;
    }
    this.#options.counts.add(isSent ? kind : 'Unsent');
    return isSent;
  }

  #linkResponderOf(what: Layer2Address): LinkResponder | undefined {
    const link = this.#table.byName(what.interface);
    return link && this.#linkResponders.get(link.index);
  }
}

function onLink(linkResponder: LinkResponder, address: Address): Layer2Address {
  return { address, interface: linkResponder.link.name };
}

function keyOf(what: Layer2Address): string {
  return `${what.interface} ${formatAddress(what.address)}`;
}

function byLink(all: Iterable<Layer2Address>): ReadonlyMap<string, readonly Address[]> {
  const grouped = new Map<string, Address[]>();
  for (const { address, interface: name } of all) {
    const group = grouped.get(name);
    if (group) group.push(address);
    else grouped.set(name, [address]);
  }
  return grouped;
}
