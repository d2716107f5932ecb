/**
 * What a Speaker says apart from how many routes there are. The counts change on every node with every Service that comes or goes, and are for people to
 * look at; nothing is decided by them.
 */
import type { SpeakerObject } from './speaker-types.ts';

type Status = SpeakerObject['status'];

export function withoutCounts(status: Status): Status {
  const { announcedAddresses: _, ...rest } = status ?? {};
  return { ...rest, sessions: (rest.sessions ?? []).map((session) => ({ ...session, routesSent: 0 })) };
}
