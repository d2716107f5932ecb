/** The metrics and log lines about BIRD's sessions. A BgpPeer whose routers connect by themselves has several sessions: one of them up is enough. */
import type { SpeakerSession } from '../../lib/api/skycap/speaker-types.ts';
import type { Logger } from '../../lib/process/log.ts';
import type { BfdState } from '../bird/session/bfd-sessions.ts';
import { type ProtocolReport, protocolsOf } from '../bird/session/sessions.ts';
import type { SpeakerMetrics } from '../metrics.ts';

export interface SeenSessions {
  readonly sessions: readonly SpeakerSession[];
  /** What BIRD said, by the name of the protocol. */
  readonly reports: ReadonlyMap<string, ProtocolReport>;
  /** The BgpPeers with BFD. */
  readonly bfdPeers: ReadonlySet<string>;
  /** BIRD's BFD sessions, by the neighbour's address. */
  readonly bfdStates: ReadonlyMap<string, BfdState>;
}

export class SessionMeter {
  readonly #metrics: SpeakerMetrics;
  readonly #log: Logger;
  /** By BgpPeer and address, whether the session was up. */
  #logged: ReadonlyMap<string, boolean> = new Map();

  constructor(metrics: SpeakerMetrics, log: Logger) {
    this.#metrics = metrics;
    this.#log = log;
  }

  /** The state of the sessions is unknown, so they do not count as up. */
  unknown(): void {
    for (const key of this.#logged.keys()) this.#metrics.sessionUp.set({ peer: key.split(' ')[0]! }, 0);
  }

  note(seen: SeenSessions): void {
    this.#count(seen);
    for (const peer of new Set(seen.sessions.map((session) => session.peer))) this.#countUpdates(peer, seen);
    const now = new Map<string, boolean>();
    for (const session of seen.sessions) {
      const key = `${session.peer} ${session.neighborAddress}`;
      now.set(key, session.state === 'Established');
      this.#noteChange(session, this.#logged.get(key));
    }
    for (const [key, wasUp] of this.#logged) {
      if (wasUp && !now.has(key)) this.#log.warn({ session: key }, 'session gone');
    }
    this.#logged = now;
  }

  #noteChange({ peer, neighborAddress, state, lastError }: SpeakerSession, wasUp: boolean | undefined): void {
    const isUp = state === 'Established';
    const isLost = !isUp && wasUp === true;
    this.#metrics.sessionsLost.inc({ peer }, isLost ? 1 : 0);
    if (isUp && wasUp !== true) this.#log.info({ peer, neighborAddress }, 'session established');
    if (isLost) this.#log.warn({ peer, neighborAddress, state, lastError }, 'session lost');
  }

  #count({ sessions, bfdPeers, bfdStates }: SeenSessions): void {
    const { sessionUp, sessionRoutes, sessionBfdUp } = this.#metrics;
    for (const metric of [sessionUp, sessionRoutes, sessionBfdUp]) metric.reset();
    for (const { peer, neighborAddress, state, routesSent, disabled } of sessions) {
      sessionRoutes.inc({ peer }, routesSent);
      if (disabled) continue;
      sessionUp.inc({ peer }, 0);
      if (state === 'Established') sessionUp.set({ peer }, 1);
      if (!bfdPeers.has(peer)) continue;
      sessionBfdUp.inc({ peer }, 0);
      if (bfdStates.get(neighborAddress.split('%')[0]!) === 'Up') sessionBfdUp.set({ peer }, 1);
    }
  }

  #countUpdates(peer: string, { reports }: SeenSessions): void {
    const { sessionUpdates } = this.#metrics;
    const protocols = protocolsOf(peer, reports);
    const sum = (of: (report: ProtocolReport) => number) => protocols.reduce((total, one) => total + of(one), 0);
    for (const [kind, count] of [
      ['update', sum(({ updatesSent }) => updatesSent)],
      ['withdrawal', sum(({ withdrawalsSent }) => withdrawalsSent)],
    ] as const) {
      sessionUpdates.remove({ peer, kind });
      sessionUpdates.inc({ peer, kind }, count);
    }
  }
}
