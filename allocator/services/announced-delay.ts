/** Decides how long a change of the condition `skycap.io/Announced` of a Service is withheld. PURE. */
import type { Condition } from '../../lib/api/meta/object.ts';
import type { Reason } from '../../lib/api/reasons.ts';

/** An address of layer 2 without an owner is not reported before this time, since a node is about to take it. */
const TAKEN_WITHIN_MS = 3_000;
/** The end of an announcement is not reported before this time: a takeover, and the start of a speaker or of BIRD, take less. */
const LOST_AFTER_MS = 5_000;

interface Announcement {
  readonly status: Condition['status'];
  readonly reason: Reason;
  /** Why no endpoint is behind an announced address. */
  readonly idle?: string;
}

/**
 * The time for which a state must have lasted before it is reported.
 *
 * @param former the stored condition.
 * @param wasAnnounced whether this address was last reported as announced, if known.
 */
export function announcedDelayMs(
  former: Condition | undefined,
  { status, reason, idle }: Announcement,
  wasAnnounced = former?.status === 'True',
): number {
  if (reason === 'StatusContested') return 0;
  if (status === 'True') return idle === undefined ? 0 : LOST_AFTER_MS;
  if (wasAnnounced) return LOST_AFTER_MS;
  const isPassing = reason === 'NoOwner' || reason === 'NotPublished';
  return isPassing && former?.reason !== 'StatusContested' ? TAKEN_WITHIN_MS : 0;
}
