/**
 * What the responder's thread does: waits for its sockets, answers, and does what the main thread tells it. All that has a rule of its own stands beside
 * it and is pure; here are the sockets, the clock and the order.
 */
import type { Address } from '../../../lib/net/address.ts';
import { formatAddress } from '../../../lib/net/address.ts';
import { arpAnnouncement, arpProbe } from '../frames/arp.ts';
import { isLinkLocal, neighborAnnouncement, neighborProbe, neighborQuestion } from '../frames/ndp.ts';
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
import { Probes } from './rules/probes.ts';

/** After this at the latest the thread sees that the process ends unasked; told to stop it is woken. Each wait costs half a millisecond. */
const LONGEST_WAIT_MS = 2_000;
/** What could not be opened is tried again after this. */
const RETRY_MS = 1_000;
/** Room for any frame of a usual network; of a longer one the rest is of no interest. */
const LONGEST_FRAME = 2_048;

export interface ThreadOptions {
  readonly counts: ResponderCounts;
  readonly tell: (message: FromThread) => void;
  /** The next message, where there is one. */
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
  /** Made anew when LinkResponders or their sockets come and go. */
  #pollSet: PollSet | undefined;
  readonly #receivers = new Map<number, { readonly linkResponder: LinkResponder; readonly socket: PacketSocket }>();
  #retryMs: number | undefined;
  #isStopped = false;
  /** Without the right to packet sockets there is no link, so that other nodes take the addresses. */
  readonly #mayAnswer: boolean = false;

  constructor(options: ThreadOptions) {
    this.#options = options;
    options.tell({ kind: 'started', wake: this.#wake });
    // What is asked in the first message shall find the links.
    this.#table.refresh(options.nowMs());
    try {
      close(socket(AF_PACKET, SOCK_RAW, 0));
      this.#mayAnswer = true;
    } catch (error) {
      if (!(error instanceof LibcError)) throw error;
      options.tell({
        kind: 'trouble',
        what: 'open packet sockets, which takes the capability NET_RAW',
        error: error.message,
      });
    }
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Waits until there is something to do, and does it. */
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
      // Not of one that was closed since.
      if (receiver && this.#pollSet) this.#receive(receiver.linkResponder, receiver.socket);
    }
  }

  /** Every message is followed by a write to `wake`; so is the start, for those that came before it. */
  #hear(): void {
    resetEventfd(this.#wake);
    for (let message = this.#options.hear(); message; message = this.#options.hear()) this.#onMessage(message);
  }

  #receive(linkResponder: LinkResponder, socket: PacketSocket): void {
    try {
      for (const verdict of linkResponder.receive(socket, this.#buffer)) this.#onVerdict(linkResponder, verdict);
    } catch (error) {
      this.#onSocketError(linkResponder, error);
    }
  }

  /** A link that goes down says so once on its sockets, which work again when it is back; any other error is for good. */
  #onSocketError(linkResponder: LinkResponder, error: unknown): void {
    if (!(error instanceof LibcError)) throw error;
    if (error.code === 'ENETDOWN') return;
    this.#close(linkResponder);
    this.#trouble(`use the sockets on ${linkResponder.link.name}`, error);
  }

  #onVerdict(linkResponder: LinkResponder, verdict: FrameAction): void {
    const { counts } = this.#options;
    switch (verdict.kind) {
      case 'answer':
        this.#send(linkResponder, verdict.address, verdict.frame, 'Answer');
        counts.add('Answered');
        break;
      case 'conflict':
        this.#onConflict(linkResponder, verdict);
        break;
      case 'taken':
        counts.add('Taken');
        if (!this.#table.isOwn(verdict.mac))
          this.#probes.heard(keyOf(onLink(linkResponder, verdict.address)), verdict.mac);
        break;
      case 'notOurs':
        counts.add('NotOurs');
        break;
      case 'dropped':
        counts.add(verdict.fault);
    }
  }

  #onConflict(linkResponder: LinkResponder, { address, mac }: Extract<FrameAction, { kind: 'conflict' }>): void {
    const where = onLink(linkResponder, address);
    const key = keyOf(where);
    // Another interface of this node on the same network, or the one that was asked to take over.
    if (this.#table.isOwn(mac) || this.#answered.get(key)?.isYielding) return;
    this.#options.counts.add('Conflict');
    const isAnswer = this.#probes.isAsking(key);
    const { tell, defend } = this.#defence.onClaimed(key, mac, this.#options.nowMs(), isAnswer);
    if (tell) this.#options.tell({ kind: 'conflict', conflict: { ...where, mac } });
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
    this.#probes.ask(now, (what) => this.#probe(what));
    const finished = this.#probes.finished(now);
    for (const { id, owners } of finished) this.#options.tell({ kind: 'probed', id, owners });
    if (finished.length > 0) this.#arrange();
    for (const what of this.#announcements.take(now)) this.#announce(what, now);
    const joining = this.#joining();
    if (joining) this.#try(`join the groups of IPv6 on ${joining.link.name}`, () => joining.joinSome());
  }

  /** Some link with groups to be joined. Last, since announcements get there without. */
  #joining(): LinkResponder | undefined {
    for (const linkResponder of this.#linkResponders.values()) if (linkResponder.hasGroupsToJoin) return linkResponder;
    return undefined;
  }

  /** The links were read anew. @param links that came up, came anew, or whose neighbours have to learn where they are. */
  #announceAnew(links: readonly Link[]): void {
    this.#arrange();
    const names = new Set(links.map(({ name }) => name));
    const now = this.#options.nowMs();
    for (const [key, what] of this.#answered) if (names.has(what.interface)) this.#announcements.add(key, what, now);
  }

  /** Opens and closes sockets until they are those that are needed. */
  #arrange(): void {
    this.#retryMs = undefined;
    const answered = byLink(this.#answered.values());
    const asked = byLink(this.#probes.targets().values());
    const { links } = this.#table;
    for (const linkResponder of [...this.#linkResponders.values()]) {
      if (!links.some(({ index }) => index === linkResponder.link.index)) this.#close(linkResponder);
    }
    for (const link of links) {
      // The kernel answers for what is the node's own.
      const owned = (answered.get(link.name) ?? []).filter((address) => !this.#table.isOwnAddress(address));
      const wanted = asked.get(link.name) ?? [];
      const present = this.#linkResponders.get(link.index);
      if (present || owned.length + wanted.length > 0)
        this.#serve(present ?? new LinkResponder(link), link, owned, wanted);
    }
    this.#pollSet = undefined;
  }

  #serve(linkResponder: LinkResponder, link: Link, owned: readonly Address[], asked: readonly Address[]): void {
    this.#linkResponders.set(link.index, linkResponder);
    this.#try(`answer on ${link.name}`, () => linkResponder.serve(link, owned, asked));
  }

  #try(what: string, act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof LibcError)) throw error;
      this.#trouble(what, error);
    }
  }

  #close(linkResponder: LinkResponder): void {
    this.#linkResponders.delete(linkResponder.link.index);
    linkResponder[Symbol.dispose]();
    this.#pollSet = undefined;
  }

  #trouble(what: string, error: LibcError): void {
    this.#retryMs = this.#options.nowMs() + RETRY_MS;
    this.#options.tell({ kind: 'trouble', what, error: error.message });
  }

  #announce(what: Layer2Address, now: number): void {
    const linkResponder = this.#linkResponderOf(what);
    // One that is down is announced on when it comes up.
    if (!linkResponder?.link.isUp || this.#table.isOwnAddress(what.address)) return;
    const { address } = what;
    if (this.#send(linkResponder, address, announcementOf(address, linkResponder.link), 'Announcement')) return;
    this.#announcements.addOnce(keyOf(what), what, now);
  }

  /** @returns whether it need not be tried again. */
  #probe(what: Layer2Address): boolean {
    const linkResponder = this.#linkResponderOf(what);
    if (!linkResponder?.link.isUp) return true;
    const { address } = what;
    const frame = this.#answered.has(keyOf(what))
      ? questionAbout(address, linkResponder.link)
      : probeFor(address, linkResponder.link);
    return this.#send(linkResponder, address, frame, 'Probe');
  }

  /** @returns whether there was room for it. */
  #send(linkResponder: LinkResponder, { family }: Address, frame: Uint8Array, kind: Sent): boolean {
    let isSent = false;
    try {
      isSent = linkResponder.send(family, frame);
    } catch (error) {
      // The link goes down or away just now: its sockets or the table will tell.
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

function announcementOf(address: Address, { mac }: Link): Uint8Array {
  return address.family === 4 ? arpAnnouncement(address, mac) : neighborAnnouncement(address, mac);
}

function probeFor(address: Address, { mac }: Link): Uint8Array {
  return address.family === 4 ? arpProbe(address, mac) : neighborProbe(address, mac);
}

/** About an address that is answered for here. */
function questionAbout(address: Address, link: Link): Uint8Array {
  const own = address.family === 6 ? link.addresses.find(isLinkLocal) : undefined;
  return own ? neighborQuestion(address, own, link.mac) : probeFor(address, link);
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
