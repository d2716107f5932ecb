/**
 * The one request that makes a Service stand as decided, or none. PURE.
 *
 * A strategic merge patch of the status subresource, which takes changes of metadata too (as Kubernetes' own service controller
 * uses it): annotations, label, status and finalizers change together or not at all, no webhook is called for it, and the resourceVersion makes
 * it fail for whoever decided by an old state: a leader that does not know yet that it was replaced.
 */
import { ADDRESS_ASSIGNED_CONDITION, BY_DEFAULT_CONDITION, EIP_LABEL } from '../lib/api/keys.ts';
import type { LoadBalancerIngress, Service } from '../lib/api/service.ts';
import { conditionAfter } from './condition.ts';
import { type Marks, NO_MARKS, type ServiceDecision } from './decide-service.ts';
import { leftoverFinalizers } from './finalizers.ts';

const OWN_CONDITIONS = [ADDRESS_ASSIGNED_CONDITION, BY_DEFAULT_CONDITION];

type Texts = Readonly<Record<string, string | undefined>>;

/** @returns undefined where the Service stands as it should. */
export function servicePatch(service: Service, decision: ServiceDecision, nowMs: number): unknown {
  const metadata = metadataPatch(service, decision.marks);
  const status = statusPatch(service, decision, nowMs);
  if (!metadata && !status) return undefined;
  const { uid, resourceVersion } = service.metadata;
  return { metadata: { uid, resourceVersion, ...metadata }, ...(status && { status }) };
}

/** Only the finalizers that OpenELB left: for a Service about which nothing else is decided. */
export function finalizersOnlyPatch(service: Service): unknown {
  const finalizers = finalizersPart(service);
  const { uid, resourceVersion } = service.metadata;
  return finalizers && { metadata: { uid, resourceVersion, ...finalizers } };
}

/** Our marks and conditions off a Service that is no LoadBalancer any more; the addresses in its status are the API server's affair. */
export function marksOffPatch(service: Service): unknown {
  const present = service.status?.loadBalancer?.ingress ?? [];
  return servicePatch(service, { marks: NO_MARKS, ingress: present, verdicts: [], events: [] }, 0);
}

function metadataPatch(service: Service, marks: Marks): object | undefined {
  const { [EIP_LABEL]: label, ...annotationMarks } = marks;
  const annotations = changes(service.metadata.annotations, annotationMarks);
  const labels = changes(service.metadata.labels, { [EIP_LABEL]: label });
  const finalizers = finalizersPart(service);
  if (!annotations && !labels && !finalizers) return undefined;
  return { ...(annotations && { annotations }), ...(labels && { labels }), ...finalizers };
}

function statusPatch(service: Service, { ingress, verdicts }: ServiceDecision, nowMs: number): object | undefined {
  const { loadBalancer, conditions } = service.status ?? {};
  const changed = OWN_CONDITIONS.flatMap((type) => {
    const old = conditions?.find((condition) => condition.type === type);
    const verdict = verdicts.find((one) => one.type === type);
    const moment = { nowMs, generation: service.metadata.generation };
    const condition = verdict && conditionAfter(conditions, verdict, moment);
    return condition === old ? [] : [condition ?? { $patch: 'delete', type }];
  });
  const isSamePublished = sameIngress(loadBalancer?.ingress ?? [], ingress);
  if (isSamePublished && changed.length === 0) return undefined;
  return {
    ...(!isSamePublished && { loadBalancer: { ingress: ingress.length > 0 ? ingress : null } }),
    ...(changed.length > 0 && { conditions: changed }),
  };
}

function finalizersPart(service: Service): object | undefined {
  const leftovers = leftoverFinalizers(service);
  return leftovers.length > 0 ? { '$deleteFromPrimitiveList/finalizers': leftovers } : undefined;
}

/** What to send so that `wanted` stands: null takes a key away. */
function changes(present: Texts | undefined, wanted: Texts): Record<string, string | null> | undefined {
  const differing = Object.entries(wanted).filter(([key, value]) => present?.[key] !== value);
  return differing.length > 0 ? Object.fromEntries(differing.map(([key, value]) => [key, value ?? null])) : undefined;
}

function sameIngress(a: readonly LoadBalancerIngress[], b: readonly LoadBalancerIngress[]): boolean {
  return a.length === b.length && a.every((entry, i) => entry === b[i] || sameEntry(entry, b[i]));
}

function sameEntry(a: LoadBalancerIngress, b: LoadBalancerIngress | undefined): boolean {
  return a.ip === b?.ip && a.hostname === b?.hostname && a.ipMode === b?.ipMode;
}
