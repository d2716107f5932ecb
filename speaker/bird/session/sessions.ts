/**
 * Reads BIRD's protocols from the reply to `show protocols all` (nest/proto.c and proto/bgp/bgp.c write it).
 *
 *     1002-skycap_peer_a BGP        ---        up     2026-11-21T14:05:08+0000  Established
 *     1006-  BGP state:          Established
 *          Hold timer:       79.503/90
 *        Channel ipv4
 *          Routes:         0 imported, 1 exported, 0 preferred
 *          Route change stats:     received   rejected   filtered    ignored   accepted
 *            Export updates:              1          0          0        ---          1
 */

import { neighborConnects, neighborText } from '../../../lib/api/bgp/bgp.ts';
import type { SessionState, SpeakerSession } from '../../../lib/api/skycap/speaker-types.ts';
import type { BgpSession } from '../../../lib/bgp/sessions.ts';
import { dynamicName, peerSymbol } from '../config/model.ts';
import type { Reply } from '../reply.ts';
import { noAnswer, nobodyCame, withRemedy } from './session-error.ts';

/** One protocol, as BIRD prints it. */
export interface ProtocolReport {
  readonly name: string;
  /** `up`, `start`, `down`, `stop`, `feed`. */
  readonly state: string;
  /** When it entered that state, RFC 3339. */
  readonly since: string;
  readonly info: string;
  /** `BGP state` → `Established` and so on; of the channels, whose keys repeat, only `Routes` is kept. */
  readonly fields: ReadonlyMap<string, string>;
  readonly routesExported: number;
  /** Sent to the router since the session is there, of all channels. */
  readonly updatesSent: number;
  readonly withdrawalsSent: number;
  /** Channels, such as `ipv4`, that the router has offered; absent before it has. */
  readonly offered?: ReadonlySet<string>;
  /** Of these, those in which the router takes several paths for a prefix (ADD-PATH, RFC 7911). */
  readonly takesPaths?: ReadonlySet<string>;
}

const SUMMARY_CODE = 1002;
const DETAIL_CODE = 1006;
const SUMMARY = /^(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)([+-]\d\d)(\d\d)\s*(.*)$/;
const STATES: readonly string[] = [
  'Idle',
  'Connect',
  'Active',
  'OpenSent',
  'OpenConfirm',
  'Established',
] satisfies SessionState[];
const NOT_ADJACENT =
  'the router is on no network of this node, or the link is down; set spec.ebgpMultihop where it is several hops away';

type Draft = { -readonly [key in keyof Omit<ProtocolReport, 'fields'>]: ProtocolReport[key] } & {
  fields: Map<string, string>;
};

/** By the name of the protocol. A line that is not understood is passed over: another version may print more. */
export function parseProtocols(reply: Reply): ReadonlyMap<string, ProtocolReport> {
  const drafts = new Map<string, Draft>();
  let current: Draft | undefined;
  for (const { code, text } of reply.lines) {
    if (code === SUMMARY_CODE) {
      current = summary(text);
      if (current) drafts.set(current.name, current);
    } else if (code === DETAIL_CODE && current) addDetail(current, text);
  }
  return drafts;
}

function summary(text: string): Draft | undefined {
  const [, name, , , state, time, hours, minutes, info = ''] = SUMMARY.exec(text) ?? [];
  if (name === undefined || state === undefined) return undefined;
  const since = new Date(`${time}${hours}:${minutes}`).toISOString().replace('.000Z', 'Z');
  return {
    name,
    state,
    since,
    info: info.trim(),
    fields: new Map(),
    routesExported: 0,
    updatesSent: 0,
    withdrawalsSent: 0,
  };
}

function addDetail(draft: Draft, text: string): void {
  if (/^\s*Neighbor capabilities\s*$/.test(text)) Object.assign(draft, { offered: new Set(), takesPaths: new Set() });
  const [, key, value = ''] = /^\s*([A-Z][A-Za-z -]*):\s*(.*?)\s*$/.exec(text) ?? [];
  if (key === 'Routes') draft.routesExported += Number(/\b([0-9]+) exported\b/.exec(value)?.[1] ?? 0);
  else if (key === 'Export updates') draft.updatesSent += lastNumber(value);
  else if (key === 'Export withdraws') draft.withdrawalsSent += lastNumber(value);
  else if (key === 'AF announced' && draft.offered) draft.offered = wordsOf(value);
  else if (key === 'RX' && draft.takesPaths) draft.takesPaths = wordsOf(value);
  else if (key !== undefined && !draft.fields.has(key)) draft.fields.set(key, value);
}

/** The column `accepted`. */
function lastNumber(value: string): number {
  return Number(/\b([0-9]+)$/.exec(value)?.[1] ?? 0);
}

function wordsOf(value: string): ReadonlySet<string> {
  return new Set(value.split(/\s+/).filter((word) => word !== ''));
}

/** All of a session that BIRD does not say. */
export interface SessionIdentity
  extends Pick<SpeakerSession, 'peer' | 'neighborAddress' | 'neighborAs' | 'localAs' | 'disabled'> {
  /** Absent where only the report of before tells of the session, and where the router connects. */
  readonly neighborPort?: number;
  readonly hasPassword?: boolean;
  /** The channels, where the session has several paths for a prefix. */
  readonly manyPaths?: readonly string[];
  /** The router connects, and BIRD learns its address from that. */
  readonly connects?: boolean;
  /** See `RouterAs`. */
  readonly routerAs?: number | undefined;
}

/** The AS number of a router that may have any, until the router says it. */
export const UNKNOWN_AS = 0;

export function identityOf(session: BgpSession): SessionIdentity {
  const { peer, neighbor, neighborPort, neighborAs, localAs, disabled, password } = session;
  const connects = neighborConnects(neighbor);
  const known = neighborAs === 'internal' ? localAs : neighborAs === 'external' ? UNKNOWN_AS : neighborAs;
  return {
    ...{ peer, neighborAddress: neighborText(neighbor), neighborAs: known, localAs, disabled },
    ...(!connects && { neighborPort }),
    ...(connects && { connects }),
    hasPassword: password !== undefined,
    ...(session.nextHops && { manyPaths: session.channels.map(({ family }) => `ipv${family}`) }),
  };
}

/** The protocols of a BgpPeer: one, or one for each router that has connected. */
export function protocolsOf(peer: string, reports: ReadonlyMap<string, ProtocolReport>): readonly ProtocolReport[] {
  const connected = connectedRouters(peer, reports);
  const own = reports.get(peerSymbol(peer));
  return connected.length > 0 || !own ? connected : [own];
}

function connectedRouters(peer: string, reports: ReadonlyMap<string, ProtocolReport>): ProtocolReport[] {
  const prefix = dynamicName(peer);
  return [...reports.values()].filter(
    ({ name }) => name.startsWith(prefix) && /^[0-9]+$/.test(name.slice(prefix.length)),
  );
}

/** The sessions of a BgpPeer: one, or one for each router that has connected. */
export function sessionReports(
  identity: SessionIdentity,
  reports: ReadonlyMap<string, ProtocolReport>,
  nowMs: number,
): SpeakerSession[] {
  const connected = connectedRouters(identity.peer, reports);
  if (connected.length === 0) return [sessionReport(identity, reports.get(peerSymbol(identity.peer)), nowMs)];
  return connected
    .map((report) => {
      const neighborAddress = report.fields.get('Neighbor address') ?? identity.neighborAddress;
      return sessionReport({ ...identity, neighborAddress }, report, nowMs);
    })
    .sort((a, b) => (a.neighborAddress < b.neighborAddress ? -1 : 1));
}

/** A router answers sooner than this, if it does at all. */
const ANSWERED_WITHIN_MS = 5_000;

/**
 * The session as the Speaker object has it. One that BIRD does not know (yet) is Idle.
 *
 * @param nowMs by the clock that BIRD has too.
 */
function sessionReport(identity: SessionIdentity, report: ProtocolReport | undefined, nowMs: number): SpeakerSession {
  const { peer, neighborAddress, localAs, disabled } = identity;
  const state = stateOf(report?.fields.get('BGP state'));
  const isDown = report && state !== 'Established' && !disabled;
  const lastError = isDown ? errorOf(report, identity, nowMs) : undefined;
  const neighborRouterId = report?.fields.get('Neighbor ID');
  const holdTimeSeconds = limitOf(report, 'Hold timer');
  const keepaliveSeconds = limitOf(report, 'Keepalive timer');
  return {
    peer,
    neighborAddress,
    neighborAs: identity.neighborAs || Number(report?.fields.get('Neighbor AS') ?? UNKNOWN_AS),
    localAs,
    state,
    ...(report && { since: report.since }),
    ...(lastError && { lastError }),
    ...(neighborRouterId && { neighborRouterId }),
    ...(holdTimeSeconds !== undefined && { holdTimeSeconds }),
    ...(keepaliveSeconds !== undefined && { keepaliveSeconds }),
    routesSent: report?.routesExported ?? 0,
    ...(state === 'Established' && sendsOnePath(identity, report) && { sendsOnePath: true }),
    disabled,
  };
}

function sendsOnePath({ manyPaths = [] }: SessionIdentity, report: ProtocolReport | undefined): boolean {
  return manyPaths.some((channel) => report?.offered?.has(channel) && !report.takesPaths?.has(channel));
}

/** BIRD's further words: `Passive` waits for the router, which is Active in RFC 4271; `Down` and `Close` are on the way to Idle. */
function stateOf(said: string | undefined): SessionState {
  if (said === 'Passive') return 'Active';
  return STATES.find((known): known is SessionState => known === said) ?? 'Idle';
}

/**
 * BIRD says nothing where a router that should be on a network of the node is on none, and nothing where nobody answers: the protocol waits, without an error.
 */
function errorOf(report: ProtocolReport, identity: SessionIdentity, nowMs: number): string | undefined {
  const said =
    report.fields.get('Last error') ?? (report.info.startsWith('Error: ') ? report.info.slice(7) : undefined);
  if (said === 'Socket: Connection timed out') return noAnswer(identity);
  if (said) return withRemedy(said, identity);
  if (report.state !== 'start' || report.fields.has('Error wait')) return undefined;
  const hasWaited = nowMs - Date.parse(report.since) > ANSWERED_WITHIN_MS;
  switch (report.fields.get('BGP state')) {
    case 'Idle':
      return NOT_ADJACENT;
    case 'Connect':
      return hasWaited ? noAnswer(identity) : undefined;
    case 'Passive':
      return hasWaited ? nobodyCame(identity) : undefined;
    default:
      return undefined;
  }
}

/** `79.503/90` → 90: what was agreed on, without the part that ticks. */
function limitOf(report: ProtocolReport | undefined, key: string): number | undefined {
  const limit = /\/([0-9]+)$/.exec(report?.fields.get(key) ?? '')?.[1];
  return limit === undefined ? undefined : Number(limit);
}
