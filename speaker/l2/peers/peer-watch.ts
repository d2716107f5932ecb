/**
 * Watches other nodes by BIRD's BFD sessions, on a control connection of its own, which no other command of the speaker delays.
 *
 * BIRD does not report changes of BFD sessions (`echo` does not carry them), so the watch polls as long as there is a session. When BIRD ends or has restarted, all
 * states are unknown again.
 */
import { formatAddress, sameAddress } from '../../../lib/net/address.ts';
import { type AddressRange, rangeContains } from '../../../lib/net/range.ts';
import type { Logger } from '../../../lib/process/log.ts';
import { LevelLoop, type Requeue } from '../../../lib/process/loop/level-loop.ts';
import type { BfdNeighbor } from '../../../lib/snapshot/bfd-neighbor.ts';
import { type BirdConnectionOptions, BirdLink, BirdUnreachableError } from '../../bird/control.ts';
import { isError } from '../../bird/reply.ts';
import { type BfdState, parseBfdSessions } from '../../bird/session/bfd-sessions.ts';
import type { SpeakerMetrics } from '../../metrics.ts';
import { type KeptNeighbor, nextNeighbors, sameNeighbors } from './bfd-neighbors.ts';
import { nextPeerState, type PeerState, seenBy, UNKNOWN_PEER } from './peer-state.ts';
import type { Member, PeerWatchListener, PeerWatchPort } from './peer-watch-port.ts';
import { watchedBy, watches } from './ring.ts';

export interface PeerWatchOptions {
  readonly nodeName: string;
  readonly socketPath: string;
  readonly listener: PeerWatchListener;
  /** `neighbors` has changed: BIRD needs a new configuration. */
  readonly onNeighbors: () => void;
  readonly networks: () => readonly AddressRange[];
  readonly monotonicMs: () => number;
  readonly metrics: Pick<SpeakerMetrics, 'bfdUp'>;
  readonly log: Logger;
}

/** Half of the interval adds to the 300 ms that BIRD takes to see a loss, on average. A poll costs 0.7 ms of processor time in both processes together. */
const LOOK_EVERY_MS = 100;
/** After a longer silence of BIRD, its former answers do not count. */
const ANSWER_MS = 2_000;
/** A session that has never been Up for so long needs a human. */
const NEVER_UP_MS = 30_000;
const NEVER_UP_HINT =
  'a failure of it would be noticed by its Lease, in six seconds; open UDP port 3784 (4784 where it is some hops away) between nodes';

export class PeerWatch implements PeerWatchPort {
  readonly #options: PeerWatchOptions;
  readonly #loop: LevelLoop;
  #members: readonly Member[] = [];
  #watched: readonly string[] = [];
  #watchers: readonly string[] = [];
  #neighbors: readonly KeptNeighbor[] = [];
  /** By the text of the address. */
  #states: ReadonlyMap<string, PeerState> = new Map();
  #link: BirdLink | undefined;
  #lost: ReadonlySet<string> = new Set();
  #seen: PeerWatchPort['seenByWatchers'] = 'unknown';
  /** Since when a session is wanted, by the text of the address; without sessions that came up, or that the log has a line about. */
  readonly #neverUpSinceMs = new Map<string, number>();

  constructor(options: PeerWatchOptions) {
    this.#options = options;
    this.#loop = new LevelLoop({ name: 'peer watch', act: (signal) => this.#act(signal), log: options.log });
  }

  get lost(): ReadonlySet<string> {
    return this.#lost;
  }

  get seenByWatchers(): PeerWatchPort['seenByWatchers'] {
    return this.#seen;
  }

  /** For the plan; the same object as long as BIRD needs no new configuration. */
  get neighbors(): readonly BfdNeighbor[] {
    return this.#neighbors;
  }

  watch(members: readonly Member[]): void {
    if (!sameMembers(this.#members, members)) {
      const names = members.map(({ name }) => name);
      this.#members = members;
      this.#watched = watches(this.#options.nodeName, names);
      this.#watchers = watchedBy(this.#options.nodeName, names);
    }
    this.#renewNeighbors();
    this.#notify();
    if (this.#neighbors.length > 0) this.#loop.trigger();
  }

  /** Until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#loop.run(signal);
    this.#close();
  }

  async #act(signal: AbortSignal): Promise<Requeue | undefined> {
    if (this.#neighbors.length === 0) {
      this.#close();
      return undefined;
    }
    const sessions = await this.#readSessions(signal);
    this.#note(sessions);
    if (this.#neighbors.some(({ unwantedSinceMs }) => unwantedSinceMs !== undefined)) this.#renewNeighbors();
    this.#notify();
    return { requeueAfterMs: LOOK_EVERY_MS };
  }

  /** @returns undefined if BIRD does not answer, or has restarted. */
  async #readSessions(signal: AbortSignal): Promise<ReadonlyMap<string, BfdState> | undefined> {
    const options: BirdConnectionOptions = { socketPath: this.#options.socketPath, timeoutMs: ANSWER_MS };
    try {
      this.#link ??= await BirdLink.open(options, signal);
      const reply = await this.#link.ask('show bfd sessions', signal);
      // "There is no BFD protocol running": not configured yet.
      return isError(reply) ? new Map() : parseBfdSessions(reply);
    } catch (error) {
      this.#close();
      if (error instanceof BirdUnreachableError && !signal.aborted) return undefined;
      throw error;
    }
  }

  #note(sessions: ReadonlyMap<string, BfdState> | undefined): void {
    const { log, metrics, monotonicMs } = this.#options;
    const before = this.#states;
    const now = new Map<string, PeerState>();
    for (const { name: node, address } of this.#neighbors) {
      const text = formatAddress(address);
      const old = before.get(text) ?? UNKNOWN_PEER;
      const state = sessions ? nextPeerState(old, sessions.get(text)) : UNKNOWN_PEER;
      now.set(text, state);
      metrics.bfdUp.set({ node }, state.isUp ? 1 : 0);
      if (state.isUp && !old.isUp) log.info({ node, address: text }, 'node is seen');
      if (state.isLost && !old.isLost) log.warn({ node, address: text }, 'node is seen no more');
      const sinceMs = this.#neverUpSinceMs.get(text);
      const isLate = sinceMs !== undefined && monotonicMs() - sinceMs > NEVER_UP_MS;
      if (isLate) log.warn({ node, address: text, hint: NEVER_UP_HINT }, 'no BFD session with node');
      if (isLate || state.hasBeenUp) this.#neverUpSinceMs.delete(text);
    }
    this.#states = now;
  }

  #renewNeighbors(): void {
    const { nodeName, networks, monotonicMs, onNeighbors, metrics } = this.#options;
    const former = this.#neighbors;
    const onLink = networks();
    const nowMs = monotonicMs();
    this.#neighbors = nextNeighbors(former, {
      nodeName,
      members: this.#members,
      isOnLink: (address) => onLink.some((range) => rangeContains(range, address)),
      isUp: (neighbor) => this.#stateOf(neighbor).isUp,
      nowMs,
    });
    if (sameNeighbors(former, this.#neighbors)) return;
    metrics.bfdUp.reset();
    const [old, all] = [former, this.#neighbors].map((list) => list.map(({ address }) => formatAddress(address)));
    for (const text of old!) if (!all!.includes(text)) this.#neverUpSinceMs.delete(text);
    for (const text of all!) if (!old!.includes(text)) this.#neverUpSinceMs.set(text, nowMs);
    onNeighbors();
  }

  #notify(): void {
    const lost = this.#neighbors.filter((one) => this.#watched.includes(one.name) && this.#stateOf(one).isLost);
    const seen = seenBy(
      this.#neighbors.filter(({ name }) => this.#watchers.includes(name)).map((one) => this.#stateOf(one)),
    );
    const isNews =
      seen !== this.#seen || lost.length !== this.#lost.size || lost.some(({ name }) => !this.#lost.has(name));
    if (!isNews) return;
    this.#lost = new Set(lost.map(({ name }) => name));
    this.#seen = seen;
    this.#options.listener.onChange();
  }

  #stateOf({ address }: BfdNeighbor): PeerState {
    return this.#states.get(formatAddress(address)) ?? UNKNOWN_PEER;
  }

  #close(): void {
    this.#link?.close(new BirdUnreachableError('Cannot ask BIRD: nobody is watched'));
    this.#link = undefined;
    this.#states = new Map();
  }
}

function sameMembers(a: readonly Member[], b: readonly Member[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ name, address }, i) => name === b[i]!.name && sameAddress(address, b[i]!.address))
  );
}
