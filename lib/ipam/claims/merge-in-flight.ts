/**
 * The entry of a Service in its claim while a change of that Service is under way. PURE.
 *
 * Admission writes it before the change is stored, and the change may still fail; others who would share the address are judged by the entry all the while. So it
 * has the ports of before and after; and where the two differ in what sharers must agree on, nobody joins for now: whoever did would be in the way of one or the other.
 */
import { allPorts, type ClaimHolder, type ClaimPort, portsBut } from '../../api/skycap/claim.ts';

const MOST_ASKED_FOR = 8;

/**
 * @param own as it stands; by itself the result of another change that is under way, perhaps.
 * @param next as the Service would have it once the change is stored.
 */
export function mergeInFlight(own: ClaimHolder, next: ClaimHolder): ClaimHolder {
  const isChanging = own.changing || !agree(own, next);
  const asked = [...new Set([...(own.askedFor ?? []), ...(next.askedFor ?? [])])].slice(-MOST_ASKED_FOR);
  const leaving = portsBut(own.ports, next.ports);
  return {
    ...next,
    ...(asked.length > 0 && { askedFor: asked }),
    ...(leaving.length > 0 && { leaving }),
    ports: portsOfBoth(own, next),
    ...(isChanging && { changing: true }),
  };
}

/** On all that sharers must have in common (`sharing.ts`). */
function agree(own: ClaimHolder, next: ClaimHolder): boolean {
  return consentText(own) === consentText(next);
}

function consentText(holder: ClaimHolder): string {
  const { sharingKey, sharingNamespaces = [], requested = false, externalTrafficPolicy, selector } = holder;
  const endpoints = externalTrafficPolicy === 'Local' ? selector : '';
  return JSON.stringify([sharingKey, [...sharingNamespaces].sort(), requested, externalTrafficPolicy, endpoints]);
}

function portsOfBoth(own: ClaimHolder, next: ClaimHolder): readonly ClaimPort[] {
  return allPorts(next.ports, own.ports).toSorted((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1));
}
