/** The rules of sharing and what a Service publishes, said a second time for the tests, not taken from what they judge. */
import type { ClaimHolder } from '../../../lib/api/claim.ts';
import type { Condition } from '../../../lib/api/object.ts';
import type { Service } from '../../../lib/api/service.ts';

/** What is published. Kubernetes itself empties the status of a Service that is no LoadBalancer any more. */
export function addressesIn(service: Service): string[] {
  return (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
}

/** `80/TCP` … */
export function portsOf(service: Service): string[] {
  return (service.spec?.ports ?? []).map(({ port, protocol = 'TCP' }) => `${port}/${protocol}`);
}

/** Why these may not hold one address together; undefined where they may. */
export function disagreementIn(holders: readonly ClaimHolder[]): string | undefined {
  for (const [i, a] of holders.entries()) {
    for (const b of holders.slice(i + 1)) {
      const why = disagreement(a, b);
      if (why) return `${a.name ?? '?'} and ${b.name ?? '?'} ${why}`;
    }
  }
  return undefined;
}

function disagreement(a: ClaimHolder, b: ClaimHolder): string | undefined {
  if (!a.sharingKey || a.sharingKey !== b.sharingKey) return 'have not the same sharing key';
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
