/** The Events of a BgpPeer: sessions that are down for a cause that somebody can mend, sessions that are back, and nodes that no router reaches. PURE. */
import type { BgpPeerObject } from '../../lib/api/bgp/bgp-types.ts';
import type { Condition } from '../../lib/api/meta/object.ts';
import type { Reason } from '../../lib/api/reasons.ts';
import type { ServiceEvent } from '../deps.ts';

type Status = BgpPeerObject['status'];

/** The speaker of the node reports PortInUse itself; it knows the process. */
const FAULTS: readonly Reason[] = [
  'SessionsDown',
  'Overlaps',
  'OwnAddress',
  'NodeHasNoAddressOfFamily',
  'PasswordNotFound',
];

export function bgpPeerEvents(before: Status, now: Status): ServiceEvent[] {
  return [...establishedEvents(before, now), ...passwordEvents(before, now), ...nextHopsEvents(before, now)];
}

/** One for each cause: a message that counts other nodes has the same cause. */
function establishedEvents(before: Status, now: Status): ServiceEvent[] {
  const [was, is] = [conditionOf(before, 'Established'), conditionOf(now, 'Established')];
  if (!is || is.message === was?.message) return [];
  const isFault = FAULTS.includes(is.reason as Reason);
  if (is.status === 'False' && isFault && causeIn(is) !== '' && causeIn(is) !== causeIn(was)) return [warning(is)];
  const wasFault = was?.status === 'False' && FAULTS.includes(was.reason as Reason);
  if (is.status !== 'True' || !wasFault) return [];
  return [{ type: 'Normal', reason: 'SessionsEstablished', action: 'Connect', message: is.message }];
}

function passwordEvents(before: Status, now: Status): ServiceEvent[] {
  const [was, is] = [conditionOf(before, 'Password'), conditionOf(now, 'Password')];
  return is && is.message !== was?.message ? [warning(is)] : [];
}

/** One, however many nodes follow. */
function nextHopsEvents(before: Status, now: Status): ServiceEvent[] {
  const is = conditionOf(now, 'NextHops');
  return is && !conditionOf(before, 'NextHops') ? [warning(is)] : [];
}

function warning({ reason, message }: Condition): ServiceEvent {
  return { type: 'Warning', reason: reason as Reason, action: 'Connect', message };
}

/** The message from its first error on, without nodes and states: a session that tries in vain changes these. Empty where no error is known yet. */
function causeIn(condition: Condition | undefined): string {
  if (condition?.reason !== 'SessionsDown') return condition?.reason ?? '';
  return condition.message
    .split('; ')
    .flatMap((part) => /: \w+, (.*)$/.exec(part)?.[1] ?? [])
    .sort()
    .join('; ');
}

function conditionOf(status: Status, type: string): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}
