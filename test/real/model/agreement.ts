/** The rules of sharing and what a Service publishes, said a second time for the tests, not taken from what they judge. */

import type { Condition } from '../../../lib/api/meta/object.ts';
import type { Service } from '../../../lib/api/service/service.ts';
import type { ClaimHolder } from '../../../lib/api/skycap/claim.ts';

/** What is published. Kubernetes itself empties the status of a Service that is no LoadBalancer any more. */
export function addressesIn(service: Service): string[] {
  return (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
}

/** `80/TCP` … */
export function portsOf(service: Service): string[] {
  return (service.spec?.ports ?? []).map(({ port, protocol = 'TCP' }) => `${port}/${protocol}`);
}

/** Of a holder without a UID the name and the token say whose it is. */
export function isHolderOf({ metadata }: Service, { namespace, name, uid, token }: ClaimHolder): boolean {
  if (uid !== undefined) return uid === metadata.uid;
  const isNamed = namespace === metadata.namespace && name === metadata.name;
  return isNamed && token === metadata.annotations?.['skycap.io/claim'];
}

export interface Disagreement {
  readonly between: readonly [ClaimHolder, ClaimHolder];
  readonly why: string;
}

/** Who of these could not join the address of whom, and why. */
export function disagreementsIn(holders: readonly ClaimHolder[]): Disagreement[] {
  return holders.flatMap((a, i) =>
    holders.slice(i + 1).flatMap((b): Disagreement[] => {
      const why = disagreement(a, b);
      return why ? [{ between: [a, b], why: `${a.name ?? '?'} and ${b.name ?? '?'} ${why}` }] : [];
    }),
  );
}

function disagreement(a: ClaimHolder, b: ClaimHolder): string | undefined {
  const isSetApart = a.sharingKey && b.sharingKey && a.sharingKey !== b.sharingKey;
  const requestBoth = a.requested && b.requested && a.namespace === b.namespace && !isSetApart;
  if (!requestBoth && (!a.sharingKey || a.sharingKey !== b.sharingKey)) return 'have not the same sharing key';
  const consents = (one: ClaimHolder, other: ClaimHolder) => (one.sharingNamespaces ?? []).includes(other.namespace);
  if (a.namespace !== b.namespace && !(consents(a, b) && consents(b, a))) return 'do not name each other’s namespace';
  const ports = new Set(a.ports.map(({ port, protocol }) => `${port}/${protocol}`));
  const both = b.ports.filter(({ port, protocol }) => ports.has(`${port}/${protocol}`));
  if (both.length > 0) return `have port ${both.map(({ port }) => port).join()} in common`;
  if (a.externalTrafficPolicy !== b.externalTrafficPolicy) return 'have different traffic policies';
  if (a.externalTrafficPolicy === 'Local' && (a.namespace !== b.namespace || a.selector !== b.selector)) {
    return 'are Local and have different endpoints';
  }
  return undefined;
}

/** The condition that says whether a Service has its address. */
export function conditionOf(service: Service): Condition | undefined {
  return service.status?.conditions?.find(({ type }) => type === 'skycap.io/AddressAssigned');
}
