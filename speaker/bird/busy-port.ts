/**
 * BIRD's port is another process's. BIRD takes a session down that finds its port taken, and does not try again by itself: here it is tried again, for those
 * sessions alone, as soon as those who listen on the port are others, and now and then.
 */
import { portInUseText } from '../../lib/api/bgp/port-in-use.ts';
import type { SpeakerSession } from '../../lib/api/skycap/speaker-types.ts';
import { peerSymbol } from './config/model.ts';
import type { BirdControl } from './control.ts';
import type { Listener } from './listening.ts';

export interface BusyPortOptions {
  readonly control: Pick<BirdControl, 'command'>;
  readonly listenersOn: (port: number) => Promise<readonly Listener[]>;
  readonly nowMs: () => number;
}

/** Something that does not listen may have the port too, so that nothing is seen of it. */
const TRY_ANYWAY_MS = 30_000;
const NO_SOCKET = /\bNo listening socket$/;

export class BusyPort {
  readonly #options: BusyPortOptions;
  #tried: { readonly listeners: string; readonly ms: number } | undefined;

  constructor(options: BusyPortOptions) {
    this.#options = options;
  }

  /** @returns the sessions, with who has the port in place of BIRD's words; the same where all is well. */
  async look(
    sessions: readonly SpeakerSession[],
    port: number,
    signal: AbortSignal,
  ): Promise<readonly SpeakerSession[]> {
    const isWithout = ({ lastError = '' }: SpeakerSession): boolean => NO_SOCKET.test(lastError);
    const without = sessions.filter(isWithout);
    if (without.length === 0) {
      this.#tried = undefined;
      return sessions;
    }
    const listeners = await this.#options.listenersOn(port);
    const isTrying = await this.#tryAgain(without, listeners, signal);
    // Nobody listens any more, so BIRD's words may be of before.
    const isFree = isTrying && listeners.length === 0;
    return sessions.map((session) => {
      if (!isWithout(session)) return session;
      const { lastError: _, ...starting } = session;
      return isFree ? starting : { ...session, lastError: portInUse(port, listeners) };
    });
  }

  /** `enable` touches no session that is up. The first time is at once: who had the port may be gone already. @returns whether it was time to. */
  async #tryAgain(
    sessions: readonly SpeakerSession[],
    holders: readonly Listener[],
    signal: AbortSignal,
  ): Promise<boolean> {
    const { control, nowMs } = this.#options;
    const listeners = holders.map(({ inode }) => inode).join();
    const isSame = this.#tried?.listeners === listeners;
    if (this.#tried && isSame && nowMs() - this.#tried.ms < TRY_ANYWAY_MS) return false;
    this.#tried = { listeners, ms: nowMs() };
    for (const { peer } of sessions) await control.command(`enable ${peerSymbol(peer)}`, signal);
    return true;
  }
}

export function portInUse(port: number, listeners: readonly Listener[]): string {
  const [named = listeners[0]] = listeners.filter(
    ({ process }) => process !== undefined && !process.startsWith('bird '),
  );
  const who =
    named === undefined
      ? ''
      : ` by ${named.process ?? `a process of user ${named.uid} outside the speaker's pod`}, which listens on ${named.address}`;
  return portInUseText(port, who);
}
