/**
 * The entry of a Service in its claim while a change of that Service is under way. PURE.
 *
 * Admission writes it before the change is stored, and the change may still fail; others who would share the address are judged by the entry all the while. So it
 * has what is right in either case: the ports of before and after, and no more consent than both give.
 */
import { allPorts, type ClaimHolder, type ClaimPort } from '../api/claim.ts';

/**
 * @param own as it stands; by itself the result of another change that is under way, perhaps.
 * @param next as the Service would have it once the change is stored.
 */
export function underWay(own: ClaimHolder, next: ClaimHolder): ClaimHolder {
  const { sharingKey, sharingNamespaces, ...entry } = next;
  const ports = portsOfBoth(own, next);
  if (sharingKey === undefined || !agree(own, next)) return { ...entry, ports };
  const namespaces = sharingNamespaces?.filter((name) => own.sharingNamespaces?.includes(name)) ?? [];
  return { ...entry, ports, sharingKey, ...(namespaces.length > 0 && { sharingNamespaces: namespaces }) };
}

/** On all that sharers must have in common (`sharing.ts`). Where they don't, nobody may join: whoever did would be in the way of one or the other. */
function agree(own: ClaimHolder, next: ClaimHolder): boolean {
  const isSamePolicy = own.externalTrafficPolicy === next.externalTrafficPolicy;
  const hasSameEndpoints = next.externalTrafficPolicy === 'Cluster' || own.selector === next.selector;
  return own.sharingKey === next.sharingKey && isSamePolicy && hasSameEndpoints;
}

function portsOfBoth(own: ClaimHolder, next: ClaimHolder): readonly ClaimPort[] {
  return allPorts(next.ports, own.ports).toSorted((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1));
}
