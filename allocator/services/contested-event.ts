/** The Event about a contest: names the other writers of Skycap's fields on a Service, and the fields that they have changed. PURE. */
import { SERVICE_ANNOTATIONS } from '../../lib/api/keys.ts';
import type { ManagedFields } from '../../lib/api/meta/object.ts';
import { shortened } from '../../lib/api/problem.ts';
import type { LoadBalancerIngress, Service } from '../../lib/api/service/service.ts';
import { type Part, writersText } from '../../lib/api/service/status-writers.ts';
import { formatAddress } from '../../lib/net/address.ts';
import type { ServiceEvent } from '../deps.ts';
import type { Publication } from './decide-publication.ts';
import { ingressOf, sameEntry } from './ingress.ts';

const MOST_NAMED = 3;

/** @param service the Service as the others have written it. */
export function contestedEvent(
  service: Service,
  decision: Publication,
  parts: readonly Part[],
  writers: readonly ManagedFields[],
): ServiceEvent {
  const what = meddlingText(service, decision, parts);
  const remedy = `let one of the two serve the Service: stop the other, or give the annotation ${SERVICE_ANNOTATIONS.optIn[0]} another value than openelb`;
  const message = `${writersText(writers, true)} keeps writing ${what}; Skycap goes on writing its own, seconds apart: ${remedy}`;
  return { type: 'Warning', reason: 'StatusContested', action: 'Publish', message };
}

/** The difference between the present and the wanted fields, such as `status.loadBalancer without 10.0.0.1 and with lb.example.com`. */
function meddlingText(service: Service, decision: Publication, parts: readonly Part[]): string {
  const texts: Readonly<Record<Part, string>> = {
    ingress: ingressText(ingressOf(service), decision),
    managedMetadata: "other annotations or labels than Skycap's",
    conditions: "other conditions than Skycap's",
  };
  return parts.map((part) => texts[part]).join(' and ');
}

function ingressText(present: readonly LoadBalancerIngress[], { ingress, addresses }: Publication): string {
  const isThere = (text: string): boolean => present.some(({ ip }) => ip === text);
  const missing = addresses.map(formatAddress).filter((text) => !isThere(text));
  const others = present.filter(
    (entry) => !ingress.some((wanted) => sameEntry(wanted, entry)) || !isOurs(entry, addresses),
  );
  const without = missing.length > 0 ? ` without ${missing.join(', ')}` : '';
  const withOthers = others.length > 0 ? ` with ${shortened(others, MOST_NAMED, entryText).join(', ')}` : '';
  return `status.loadBalancer${[without, withOthers].filter(Boolean).join(' and')}`;
}

function isOurs({ ip }: LoadBalancerIngress, addresses: Publication['addresses']): boolean {
  return addresses.some((address) => formatAddress(address) === ip);
}

function entryText({ ip, hostname, ipMode }: LoadBalancerIngress): string {
  const mode = ipMode === 'Proxy' ? ' (ipMode Proxy)' : '';
  return `${[ip, hostname].flatMap((text) => text ?? []).join(' ')}${mode}`;
}
