/**
 * The status of the Speaker object, from the plan, the result of applying it, and BIRD's sessions. Pure; `report.ts` writes it.
 *
 * The status is written on change only, and with a thousand nodes a change has to be worth a write: the status has no counter and no timer of BIRD's, and a
 * session that retries without success is one state.
 */

import { isPortInUse } from '../../lib/api/bgp/port-in-use.ts';
import type { Condition } from '../../lib/api/meta/object.ts';
import { shortened } from '../../lib/api/problem.ts';
import type { Reason } from '../../lib/api/reasons.ts';
import { withoutCounts } from '../../lib/api/skycap/speaker-counts.ts';
import type { RefusedPeer, SpeakerObject, SpeakerSession } from '../../lib/api/skycap/speaker-types.ts';
import type { Plan, Planned } from '../../lib/bgp/plan.ts';
import { countAnnounced } from '../../lib/bgp/routes.ts';
import { type Finding, findingText } from '../../lib/preflight/finding.ts';
import type { ApplyOutcome } from '../bird/apply.ts';
import { explainingError } from '../bird/session/session-error.ts';
import type { NodeSegments } from '../cluster/node-segments.ts';
import { conflictText } from '../l2/conflicts/conflict-text.ts';
import type { Layer2State } from '../l2/layer2.ts';
import type { Layer2Status } from '../l2/ownership/layer2-status-writer.ts';
import { maintenanceCondition } from '../maintenance/maintenance-condition.ts';

export type SpeakerStatus = NonNullable<SpeakerObject['status']>;
/** The part of the status that the report writes; layer 2 writes the rest. */
export type ReportedStatus = Omit<SpeakerStatus, keyof Layer2Status>;

export interface StatusInput {
  readonly planned: Planned;
  /** The result of the last plan; absent while there was only a hold. */
  readonly outcome: ApplyOutcome | undefined;
  /** BIRD's sessions; undefined if BIRD does not answer. */
  readonly sessions: readonly SpeakerSession[] | undefined;
  /** The kinds of objects whose watch is silent. */
  readonly silent: readonly string[];
  /** Undefined while layer 2 is not in use. */
  readonly layer2?: Layer2State | undefined;
  /** A message for each UDP port of BFD that another process has. Absent while BFD is not in use, or BIRD does not answer. */
  readonly bfdPorts?: readonly string[];
  /** Of the preflight of the node. @default none */
  readonly findings?: readonly Finding[];
  /** See `KnownEips`. @default none */
  readonly formerEips?: readonly string[];
  /** The node's networks and gateways. */
  readonly segments?: NodeSegments;
  readonly versions: { readonly skycap: string; readonly bird?: string };
  /** The present status in the object. */
  readonly former: SpeakerStatus | undefined;
  /** RFC 3339. */
  readonly now: string;
}

type ConditionUpdate = Pick<Condition, 'type' | 'status' | 'message'> & { readonly reason: Reason };

/** The numbers of conflicts and sessions in a condition's message; the lists in the status have all. */
const MOST_CONFLICTS_TOLD = 5;
const MOST_SESSIONS_TOLD = 3;

/** The reasons of refused peers that an administrator has to correct; the others are intended. */
const FAULTS: readonly Reason[] = ['Invalid', 'Overlaps', 'OwnAddress', 'PasswordNotFound'];

export function speakerStatus(input: StatusInput): ReportedStatus {
  const { planned, sessions, former } = input;
  const plan = planned.kind === 'plan' ? planned.plan : undefined;
  // Without an answer of BIRD the last known sessions stay, and a condition says so.
  const known = sessions ?? former?.sessions ?? [];
  const told = settled(known, former?.sessions ?? []);
  const enabled = known.filter(({ disabled }) => !disabled);
  const established = enabled.filter(({ state }) => state === 'Established');
  const verdicts = [
    appliedCondition(input),
    sessionsVerdict(input, enabled, told),
    ...(input.layer2 ? [layer2Verdict(input.layer2)] : []),
    ...(input.bfdPorts ? [bfdPortsVerdict(input.bfdPorts)] : []),
    ...preflightVerdict(input.findings ?? []),
  ];
  return {
    sessions: told,
    refusedPeers: plan ? toldRefusals(planned) : (former?.refusedPeers ?? []),
    establishedSessions: established.length,
    totalSessions: enabled.length,
    sessionsSummary: `${established.length}/${enabled.length}`,
    ...(input.layer2 && input.layer2.conflicts.length > 0 && { layer2Conflicts: input.layer2.conflicts }),
    announcedAddresses: planned.kind === 'plan' ? announcedBy(planned) : (former?.announcedAddresses ?? 0),
    ...bgpOf(plan, former),
    ...input.segments,
    ...(input.formerEips && input.formerEips.length > 0 && { formerEips: input.formerEips }),
    versions: input.versions,
    conditions: [...verdicts, readyVerdict(input, verdicts), ...maintenanceVerdict(input)].map((verdict) =>
      condition(verdict, input),
    ),
  };
}

/** Whether `next` differs from `former`; {@link settled} has removed the noise. */
export function isWorthWriting(former: SpeakerStatus | undefined, next: ReportedStatus): boolean {
  return canonical(reportedIn(former)) !== canonical(next);
}

/** Whether the two differ in more than the counts, so that the write must not wait. */
export function isUrgent(former: SpeakerStatus | undefined, next: ReportedStatus): boolean {
  return canonical(withoutCounts(reportedIn(former))) !== canonical(withoutCounts(next));
}

function reportedIn(status: SpeakerStatus | undefined): ReportedStatus | undefined {
  if (!status) return undefined;
  const told: Readonly<Record<keyof Layer2Status, true>> = {
    layer2Addresses: true,
    layer2AddressCount: true,
    layer2Unable: true,
    layer2Interfaces: true,
    suspects: true,
    stopping: true,
  };
  return Object.fromEntries(Object.entries(status).filter(([key]) => !Object.hasOwn(told, key)));
}

/** Without refusals that are intended. */
function toldRefusals(planned: Planned): RefusedPeer[] {
  const refused = planned.kind === 'plan' ? planned.refusedPeers : [];
  return refused.flatMap(({ peer, reason, message }) =>
    reason === 'NodeNotSelected' || reason === 'AnnouncedByCni' ? [] : [{ peer, reason, message }],
  );
}

function announcedBy({ plan: { bgp }, announcements }: Extract<Planned, { kind: 'plan' }>): number {
  return bgp.sessions.length === 0 ? 0 : countAnnounced(announcements);
}

function bgpOf(plan: Plan | undefined, former: SpeakerStatus | undefined): Pick<SpeakerStatus, 'routerId' | 'localAs'> {
  const { routerId, localAs } = plan ? plan.bgp : { routerId: former?.routerId, localAs: former?.localAs };
  return {
    ...(routerId !== undefined && { routerId }),
    ...(localAs !== undefined && { localAs }),
  };
}

function appliedCondition({ planned, outcome }: StatusInput): ConditionUpdate {
  const type = 'Applied';
  if (planned.kind === 'hold') {
    const message = `${planned.message}; BIRD keeps the configuration it has`;
    return { type, status: 'False', reason: planned.reason, message };
  }
  switch (outcome?.kind) {
    case 'Applied':
    case 'Unchanged':
      if (planned.policyProblem) {
        const { reason, message } = planned.policyProblem;
        return { type, status: 'False', reason, message: `${message}; the former policy stays in force` };
      }
      return {
        type,
        status: 'True',
        reason: 'Applied',
        message: 'BIRD runs the configuration that follows from the objects',
      };
    case 'BirdRefused':
      return {
        type,
        status: 'False',
        reason: 'BirdRefused',
        message: `BIRD refused the configuration and keeps the one it has: ${outcome.message}`,
      };
    case 'NotWritten':
      return {
        type,
        status: 'False',
        reason: 'NotWritten',
        message: `the configuration cannot be written, and BIRD keeps the one it has: ${outcome.message}`,
      };
    default:
      return {
        type,
        status: 'False',
        reason: 'BirdUnreachable',
        message: outcome?.message ?? 'BIRD has not been asked yet',
      };
  }
}

function sessionsVerdict(
  { planned, sessions }: StatusInput,
  enabled: readonly SpeakerSession[],
  told: readonly SpeakerSession[],
): ConditionUpdate {
  const type = 'SessionsEstablished';
  if (!sessions) return { type, status: 'Unknown', reason: 'BirdUnreachable', message: 'BIRD does not answer' };
  if (planned.kind === 'plan' && planned.noBgp) return { type, status: 'False', ...planned.noBgp };
  if (enabled.length === 0) {
    return { type, status: 'False', reason: 'NoSessions', message: 'no BgpPeer that is enabled selects this node' };
  }
  const down = told.filter(({ state, disabled }) => state !== 'Established' && !disabled);
  const isUp = down.length === 0;
  const counted = `${enabled.length - down.length} of ${enabled.length} sessions established`;
  const portInUse = enabled.map(({ lastError }) => lastError).find(isPortInUse);
  if (portInUse !== undefined) {
    return { type, status: 'False', reason: 'PortInUse', message: `${counted}; ${portInUse}` };
  }
  return {
    type,
    status: isUp ? 'True' : 'False',
    reason: isUp ? 'SessionsEstablished' : 'SessionsDown',
    message: isUp ? counted : `${counted}; ${downText(down)}`,
  };
}

/** Without the state, through which a session that is down cycles. */
function downText(down: readonly SpeakerSession[]): string {
  const textOf = ({ peer, lastError }: SpeakerSession): string => (lastError ? `${peer}, ${lastError}` : peer);
  return `not with ${shortened([...new Set(down.map(textOf))], MOST_SESSIONS_TOLD, (text) => text).join('; ')}`;
}

function layer2Verdict({ isMute, unable, conflicts }: Layer2State): ConditionUpdate {
  const type = 'Layer2';
  if (isMute) {
    const message =
      'answers for no address: the speaker may not open packet sockets, and its log says why; it takes the capability NET_RAW';
    return { type, status: 'False', reason: 'PacketSocketDenied', message };
  }
  if (conflicts.length > 0) {
    const message = shortened(conflicts, MOST_CONFLICTS_TOLD, conflictText).join('; ');
    return { type, status: 'False', reason: 'AddressConflict', message };
  }
  if (unable.length > 0) {
    const message = `no interface that is up matches spec.interface of Eip ${unable.join(', ')}: their addresses are for other nodes`;
    return { type, status: 'False', reason: 'NoInterface', message };
  }
  return { type, status: 'True', reason: 'Ready', message: 'answers ARP and NDP for the addresses it has' };
}

function bfdPortsVerdict(messages: readonly string[]): ConditionUpdate {
  const type = 'BfdPorts';
  return messages.length > 0
    ? { type, status: 'False', reason: 'BfdPortInUse', message: messages.join('; ') }
    : { type, status: 'True', reason: 'Ready', message: 'no other process has a UDP port of BFD' };
}

/** Absent without findings. */
function preflightVerdict(findings: readonly Finding[]): ConditionUpdate[] {
  const [first] = findings;
  if (!first) return [];
  const message = findings.map(findingText).join('. ');
  return [{ type: 'Preflight', status: 'False', reason: first.reason, message }];
}

/** Absent while the node is not in maintenance. */
function maintenanceVerdict({ planned, outcome, former }: StatusInput): ConditionUpdate[] {
  if (planned.kind !== 'plan' || !planned.maintenance) return [];
  const isApplied = outcome?.kind === 'Applied' || outcome?.kind === 'Unchanged';
  const layer2Addresses = former?.layer2AddressCount ?? 0;
  return [maintenanceCondition({ maintenance: planned.maintenance, isApplied, layer2Addresses })];
}

/** False if an administrator has to act. A node that no peer selects is as intended. */
function readyVerdict(input: StatusInput, verdicts: readonly ConditionUpdate[]): ConditionUpdate {
  const { planned, silent } = input;
  const type = 'Ready';
  const faults = planned.kind === 'plan' ? planned.refusedPeers.filter(({ reason }) => FAULTS.includes(reason)) : [];
  const wanted: readonly Reason[] = [
    'NoSessions',
    'ProtocolOff',
    'AnnouncedByCni',
    'NodeNotSelected',
    'NoInterface',
    ...(input.layer2 ? (['NoBgpConf'] as const) : []),
  ];
  const bad = verdicts.find(({ status, reason }) => status !== 'True' && !wanted.includes(reason));
  if (bad) return { ...bad, type, status: 'False' };
  // A number in the message would cause a write at each change.
  const unheard = `nothing is heard of ${silent.join(', ')}: the node announces what was known before`;
  if (silent.length > 0) return { type, status: 'False', reason: 'WatchSilent', message: unheard };
  const [fault] = faults;
  if (!fault) return { type, status: 'True', reason: 'Ready', message: 'nothing to mend' };
  const message = faults
    .map(({ peer, reason, message: why }) =>
      reason === 'PasswordNotFound' ? `BgpPeer ${peer}: ${why}` : `BgpPeer ${peer} has no session here: ${why}`,
    )
    .join('; ');
  return { type, status: 'False', reason: fault.reason, message };
}

function condition(verdict: ConditionUpdate, { former, now }: StatusInput): Condition {
  const old = former?.conditions?.find(({ type }) => type === verdict.type);
  return { ...verdict, lastTransitionTime: old?.status === verdict.status ? old.lastTransitionTime : now };
}

/** BIRD computes `since` from a clock that may be adjusted; times within this range are the same. */
const SAME_MOMENT_MS = 1_500;

/** The sessions, with fields that changed only by noise as in the former status. */
function settled(sessions: readonly SpeakerSession[], former: readonly SpeakerSession[]): SpeakerSession[] {
  return sessions.map((session) => {
    const old = former.find((one) => isSameSession(session, one));
    if (!old) return session;
    if ((old.state === 'Established') !== (session.state === 'Established')) return session;
    if (session.state !== 'Established') return sameStruggle(session, old);
    const isSame = Math.abs(Date.parse(old.since ?? '') - Date.parse(session.since ?? '')) <= SAME_MOMENT_MS;
    return isSame && old.since !== undefined ? { ...session, since: old.since } : session;
  });
}

/** With another router or AS number, the former state does not count. */
function isSameSession(a: SpeakerSession, b: SpeakerSession): boolean {
  const isSameEnd = a.peer === b.peer && a.neighborAddress === b.neighborAddress;
  return isSameEnd && a.neighborAs === b.neighborAs && a.localAs === b.localAs;
}

/** A session that is down cycles through its states; only a new error is a change. */
function sameStruggle(session: SpeakerSession, old: SpeakerSession): SpeakerSession {
  const lastError = session.disabled ? undefined : explainingError(session.lastError, old.lastError);
  const isNews = lastError !== old.lastError || session.disabled !== old.disabled;
  return isNews
    ? { ...session, ...(lastError && { lastError }) }
    : { ...session, state: old.state, ...(old.since && { since: old.since }), ...(lastError && { lastError }) };
}

/** A text that does not depend on the order of keys, which the API server changes. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part) =>
    part && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
