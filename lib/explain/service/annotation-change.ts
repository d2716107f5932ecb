/** A change of the annotations by which a Service asks for an address: the form of `--try`. PURE. */
import { SERVICE_ANNOTATIONS } from '../../api/keys.ts';
import type { Service } from '../../api/service/service.ts';
import { annotateCommand, patchServiceCommand } from '../kubectl-commands.ts';

/** The changes that `--try` knows: an empty value removes the request. */
export const TRIABLE = {
  address: SERVICE_ANNOTATIONS.address,
  eip: SERVICE_ANNOTATIONS.eip,
  protocol: SERVICE_ANNOTATIONS.protocol,
  'sharing-key': SERVICE_ANNOTATIONS.sharingKey,
} as const;
export type Triable = keyof typeof TRIABLE;
export type Change = Partial<Readonly<Record<Triable, string>>>;

/** The value of each annotation after the change; undefined removes the annotation. */
export type AnnotationEdits = Readonly<Record<string, string | undefined>>;

export function withChange(service: Service, change: Change): Service {
  const { loadBalancerIP: _, ...rest } = service.spec ?? {};
  const spec = change.address === undefined ? service.spec : rest;
  return { ...withAnnotations(service, editsFor(service, change)), ...(spec && { spec }) };
}

export function withAnnotations(service: Service, edits: AnnotationEdits): Service {
  const { annotations } = service.metadata;
  const all = Object.entries({ ...annotations, ...edits }).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const],
  );
  return { ...service, metadata: { ...service.metadata, annotations: Object.fromEntries(all) } };
}

export function changeText(change: Change): string {
  return Object.entries(change)
    .map(([key, value]) => (value === '' ? `no ${key}` : `${key}=${value}`))
    .join(', ');
}

export function changeCommand(service: Service, change: Change): string {
  const edits = editsFor(service, change);
  if (change.address !== '' || !service.spec?.loadBalancerIP) return annotateCommand(service, edits);
  const annotations = Object.fromEntries(Object.entries(edits).map(([key, value]) => [key, value ?? null]));
  return patchServiceCommand(service, { metadata: { annotations }, spec: { loadBalancerIP: null } });
}

/** Whether the Service asks for it, by an annotation or a field. */
export function asksFor({ metadata, spec }: Service, key: Triable): boolean {
  return (
    TRIABLE[key].some((one) => metadata.annotations?.[one]) || (key === 'address' && Boolean(spec?.loadBalancerIP))
  );
}

/** A value is written with the first spelling, and the other spellings go. */
function editsFor({ metadata: { annotations = {} } }: Service, change: Change): AnnotationEdits {
  const edits: Record<string, string | undefined> = {};
  for (const [key, value] of Object.entries(change) as [Triable, string][]) {
    const [first, ...others]: readonly string[] = TRIABLE[key];
    for (const other of others) if (annotations[other] !== undefined) edits[other] = undefined;
    if (value !== '') edits[first!] = value;
    else if (annotations[first!] !== undefined) edits[first!] = undefined;
  }
  return edits;
}
