/**
 * Another process may have a UDP port of BFD. BIRD opens its sockets with SO_REUSEADDR: of two processes that both do, the one that opened the port later gets the
 * packets. If the other does not, BIRD logs an error, its BFD protocol stays up without the socket, and only a restart of the protocol opens the socket.
 */
import type { Family } from '../../lib/net/address.ts';
import { BFD_PROTOCOL } from './config/render.ts';
import { BirdCommandError, type BirdControl } from './control.ts';
import type { Listener, SocketTable } from './listening.ts';
import { type BfdSessionReport, bfdSessionReports } from './session/bfd-sessions.ts';

export interface BfdPortsOptions {
  readonly control: Pick<BirdControl, 'command'>;
  readonly listenersOn: (port: number, tables: readonly SocketTable[]) => Promise<readonly Listener[]>;
  readonly canShareUdpPort: (port: number, family: Family) => Promise<boolean>;
  /** The user of BIRD. */
  readonly uid: number;
  readonly nowMs: () => number;
}

/** RFC 5881 §4, RFC 5883 §5. */
const [SINGLE_HOP, MULTIHOP] = [3784, 4784];
const RESTART_AGAIN_MS = 30_000;

/** The owner of the sockets of one port and family. */
export type BfdPortState =
  | 'BirdOnly'
  /** BIRD and another process. */
  | 'Shared'
  /** Another process. */
  | 'Taken'
  /** No process, although BIRD needs the socket. */
  | 'Closed';

export interface BfdPortFacts {
  readonly sockets: number;
  /** A session receives packets on the port. */
  readonly isUp: boolean;
  readonly canShare: boolean;
}

/** BIRD has one socket for each port and family. */
export function bfdPortState({ sockets, isUp, canShare }: BfdPortFacts): BfdPortState {
  if (sockets > 1) return 'Shared';
  if (isUp) return 'BirdOnly';
  if (!canShare) return 'Taken';
  return sockets === 0 ? 'Closed' : 'BirdOnly';
}

export class BfdPorts {
  readonly #options: BfdPortsOptions;
  #restartedMs = Number.NEGATIVE_INFINITY;

  constructor(options: BfdPortsOptions) {
    this.#options = options;
  }

  /** @returns a message for each port that BIRD does not have alone; undefined if no BFD protocol runs. */
  async look(signal: AbortSignal): Promise<readonly string[] | undefined> {
    const sessions = await this.#sessions(signal);
    if (!sessions) return undefined;
    const isAnyUp = sessions.some(({ state }) => state === 'Up');
    const messages = new Set<string>();
    for (const [port, family] of portsOf(sessions)) {
      const isUp = sessions.some((session) => session.state === 'Up' && isOn(session, port, family));
      const sockets = await this.#options.listenersOn(port, [family === 6 ? 'udp6' : 'udp']);
      const canShare = sockets.length > 1 || isUp || (await this.#options.canShareUdpPort(port, family));
      const state = bfdPortState({ sockets: sockets.length, isUp, canShare });
      if (state === 'Shared' || state === 'Taken') messages.add(bfdPortInUse(port, state, sockets, this.#options.uid));
      // A restart would end the sessions that are up, and with them those of BGP.
      else if (state === 'Closed' && isAnyUp) messages.add(closedText(port));
      else if (state === 'Closed') await this.#restart(signal);
    }
    return [...messages];
  }

  async #sessions(signal: AbortSignal): Promise<readonly BfdSessionReport[] | undefined> {
    try {
      return bfdSessionReports(await this.#options.control.command('show bfd sessions', signal));
    } catch (error) {
      if (error instanceof BirdCommandError) return undefined;
      throw error;
    }
  }

  async #restart(signal: AbortSignal): Promise<void> {
    const { control, nowMs } = this.#options;
    if (nowMs() - this.#restartedMs < RESTART_AGAIN_MS) return;
    this.#restartedMs = nowMs();
    await control.command(`restart ${BFD_PROTOCOL}`, signal);
  }
}

/** The ports and families of the sessions. */
function portsOf(sessions: readonly BfdSessionReport[]): readonly (readonly [number, Family])[] {
  const pairs = [SINGLE_HOP, MULTIHOP].flatMap((port) => ([4, 6] as const).map((family) => [port, family] as const));
  return pairs.filter(([port, family]) => sessions.some((session) => isOn(session, port, family)));
}

function isOn({ address, isDirect }: BfdSessionReport, port: number, family: Family): boolean {
  return address.family === family && port === (isDirect ? SINGLE_HOP : MULTIHOP);
}

/** @param uid BIRD's user: a socket of another user is not BIRD's. */
export function bfdPortInUse(
  port: number,
  state: Extract<BfdPortState, 'Shared' | 'Taken'>,
  sockets: readonly Listener[],
  uid: number,
): string {
  const foreign = state === 'Taken' ? sockets[0] : sockets.find((socket) => socket.uid !== uid);
  const user = foreign ? ` of user ${foreign.uid}` : '';
  const process = foreign?.process ?? `another process${user}`;
  const has =
    state === 'Taken' ? `is taken by ${process}` : `is open in ${process} as well, which may get BIRD's packets`;
  return `UDP port ${port} of the node, for BFD, ${has}; find the process with "ss -lunp" on the node and switch off its BFD, or set spec.bfd.enabled of the BgpPeers to false; BIRD uses the port as soon as the port is free`;
}

function closedText(port: number): string {
  return `UDP port ${port} of the node, for BFD, was taken when BIRD started, and is free; BIRD opens the port once no BFD session is up`;
}
