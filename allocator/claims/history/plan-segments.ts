/** Decides in which AddressHistory each entry goes, and which ones are deleted. PURE. */
import type { HistoryEntry } from '../../../lib/ipam/history/entry.ts';

export interface HistoryLimits {
  /** Entries kept at most. 0: no history. */
  readonly entries: number;
  readonly days: number;
}

/** An AddressHistory, by its metadata. */
export interface Segment {
  readonly first: number;
  readonly createdMs: number;
}

export interface SegmentText {
  readonly first: number;
  readonly entries: readonly HistoryEntry[];
}

/** Compressed about 40 kB, and 100 kB with the longest names. */
const MOST_IN_SEGMENT = 1_000;
const SEGMENTS = 10;
const DAY_MS = 24 * 60 * 60_000;

export function segmentSize({ entries }: HistoryLimits): number {
  return Math.min(MOST_IN_SEGMENT, Math.max(1, Math.floor(entries / SEGMENTS)));
}

/** The segments to write: the last one with more entries, and those that follow. @param last the segment that is there. */
export function appended(
  last: SegmentText | undefined,
  fresh: readonly HistoryEntry[],
  limits: HistoryLimits,
): readonly SegmentText[] {
  const size = segmentSize(limits);
  const room = last ? Math.max(0, size - last.entries.length) : 0;
  const segments = last && room > 0 ? [{ first: last.first, entries: [...last.entries, ...fresh.slice(0, room)] }] : [];
  let next = last ? last.first + last.entries.length + Math.min(room, fresh.length) : 0;
  for (let at = room; at < fresh.length; at += size) {
    const entries = fresh.slice(at, at + size);
    segments.push({ first: next, entries });
    next += entries.length;
  }
  return segments;
}

/**
 * The segments to delete: those beyond the limit, and those whose entries are all too old. The last segment stays.
 * @param segments in their order. @param total the number of the next entry.
 */
export function expired(
  segments: readonly Segment[],
  total: number,
  limits: HistoryLimits,
  nowMs: number,
): readonly Segment[] {
  const oldestMs = nowMs - limits.days * DAY_MS;
  return segments.filter((segment, i) => {
    const following = segments[i + 1];
    // A segment is full when the next one is created.
    return following && (total - segment.first > limits.entries || following.createdMs < oldestMs);
  });
}
