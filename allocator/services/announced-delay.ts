/** How long the condition `skycap.io/Announced` of a Service stays as it is, though it could say something else. PURE. */
import type { Condition } from '../../lib/api/meta/object.ts';
import type { Reason } from '../../lib/api/reasons.ts';

/** An address of layer 2 that no node has is not told before that: it is about to be taken. */
const TAKEN_WITHIN_MS = 3_000;
/** Nor that nobody announces what was announced: a takeover and the start of a speaker or of BIRD take less. */
const LOST_AFTER_MS = 5_000;

interface Announcement {
  readonly status: Condition['status'];
  readonly reason: Reason;
  /** Why nothing is behind the address, though it is announced. */
  readonly idle?: string;
}

/**
 * How long something must have been so before it is told: what passes by itself is no news.
 *
 * @param former the condition as it stands.
 * @param wasAnnounced what was told last of this address, where that is known.
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
