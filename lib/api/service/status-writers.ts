/**
 * Names the other writers of Skycap's fields on a Service, by its `metadata.managedFields`, for a message to people. PURE.
 *
 * A controller that only removes fields leaves no trace there.
 */
import { ADDRESSES_ANNOTATION, CLAIM_ANNOTATION, EIP_LABEL, WAITING_SINCE_ANNOTATION } from '../keys.ts';
import type { ManagedFields } from '../meta/object.ts';
import { quote, shortened } from '../problem.ts';

/** Of Skycap's fields on a Service. `managedMetadata`: annotations and label. */
export type Part = 'ingress' | 'managedMetadata' | 'conditions';

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
