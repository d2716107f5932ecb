/** The status of a Speaker without its counts. The counts change on every node with every Service, and are for people only. */
import type { SpeakerObject } from './speaker-types.ts';

type Status = SpeakerObject['status'];

export function withoutCounts(status: Status): Status {
  const { announcedAddresses: _, ...rest } = status ?? {};
  return { ...rest, sessions: (rest.sessions ?? []).map((session) => ({ ...session, routesSent: 0 })) };
}
