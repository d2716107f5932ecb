/**
 * Computes the holder of a Service while an update of the Service is under way. PURE.
 *
 * Admission writes the holder before the update is stored, and the update may fail; other Services that would share the address are judged by the holder meanwhile. So
 * the holder has the ports before and after. If the two versions differ in a field that all sharing Services must agree on, no Service may join for now.
 */
import { allPorts, type ClaimHolder, type ClaimPort, portsBut } from '../../api/skycap/claim.ts';

const MOST_ASKED_FOR = 8;

/**
 * @param own the present holder, which may be the result of another update under way.
 * @param next the holder once the update is stored.
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

/** On all fields that sharing Services must agree on (`sharing.ts`). */
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
