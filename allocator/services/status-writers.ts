/**
 * Names the other writers of Skycap's fields on a Service, by its `metadata.managedFields`, and the fields that they have changed, for a message to people. PURE.
 *
 * A controller that only removes fields leaves no trace there.
 */
import {
  ADDRESSES_ANNOTATION,
  CLAIM_ANNOTATION,
  EIP_LABEL,
  SERVICE_ANNOTATIONS,
  WAITING_SINCE_ANNOTATION,
} from '../../lib/api/keys.ts';
import type { ManagedFields } from '../../lib/api/meta/object.ts';
import { quote, shortened } from '../../lib/api/problem.ts';
import type { LoadBalancerIngress, Service } from '../../lib/api/service/service.ts';
import { formatAddress } from '../../lib/net/address.ts';
import type { Part } from '../cluster/rewrite-backoff.ts';
import type { ServiceEvent } from '../deps.ts';
import type { Publication } from './decide-publication.ts';
import { ingressOf, sameEntry } from './ingress.ts';

/** The field manager of the allocator's writes to Services. */
export const FIELD_MANAGER = 'skycap-allocator';

const MOST_NAMED = 3;
const OWN_MARKS = [ADDRESSES_ANNOTATION, CLAIM_ANNOTATION, WAITING_SINCE_ANNOTATION, EIP_LABEL];

export function writersOf(managedFields: readonly ManagedFields[], parts: readonly Part[]): readonly ManagedFields[] {
  const others = managedFields.filter(({ manager }) => manager !== FIELD_MANAGER).toSorted(byTime);
  const owning = others.filter(({ fieldsV1 }) => parts.some((part) => OWNS[part](fieldsV1)));
  // A controller that removed the whole list owns another part of the status, such as a condition.
  const inStatus = parts.includes('managedMetadata')
    ? []
    : others.filter(({ subresource }) => subresource === 'status');
  return owning.length > 0 ? owning : inStatus;
}

/** `"lb-controller"` (Update of status, 2026-01-02T00:00:00Z). */
export function writersText(writers: readonly ManagedFields[], isTimed: boolean): string {
  const texts = shortened(writers, MOST_NAMED, ({ manager = '', operation = '', subresource, time = '' }) => {
    if (!isTimed) return quote(manager);
    return `${quote(manager)} (${[operation, subresource && `of ${subresource}`].filter(Boolean).join(' ')}, ${time})`;
  });
  return texts.length > 0 ? texts.join(', ') : 'another controller, which metadata.managedFields does not name,';
}

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

const OWNS: Readonly<Record<Part, (fields: unknown) => boolean>> = {
  ingress: (fields) => at(fields, 'f:status', 'f:loadBalancer') !== undefined,
  conditions: (fields) =>
    Object.keys(at(fields, 'f:status', 'f:conditions') ?? {}).some((key) => key.includes('skycap.io/')),
  managedMetadata: (fields) =>
    ['f:annotations', 'f:labels'].some((map) =>
      Object.keys(at(fields, 'f:metadata', map) ?? {}).some((key) => OWN_MARKS.includes(key.slice(2))),
    ),
};

function at(fields: unknown, ...path: readonly string[]): object | undefined {
  const found = path.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], fields);
  return typeof found === 'object' && found !== null ? found : undefined;
}

/** The latest first. */
function byTime(a: ManagedFields, b: ManagedFields): number {
  return (b.time ?? '').localeCompare(a.time ?? '');
}
