/**
 * Computes the one patch that makes a Service match the publication, or none. PURE.
 *
 * The patch is a strategic merge patch of the status subresource, which also accepts changes of metadata (Kubernetes' own service controller uses it so). Annotations,
 * label, status and finalizers change together or not at all, and the API server calls no webhook. By its resourceVersion the patch fails for an allocator that decided
 * from an old state, such as a former leader that does not yet know its successor.
 */

import {
  ADDRESS_ASSIGNED_CONDITION,
  ANNOUNCED_CONDITION,
  BY_DEFAULT_CONDITION,
  EIP_LABEL,
  ROUTE_OVERRIDES_CONDITION,
} from '../../lib/api/keys.ts';
import { type ConditionUpdate, conditionAfter, type Moment } from '../../lib/api/meta/conditions.ts';
import { leftoverFinalizers } from '../../lib/api/meta/openelb-finalizers.ts';
import {
  type ManagedMetadata,
  managedAnnotations,
  NO_MANAGED_METADATA,
} from '../../lib/api/service/managed-metadata.ts';
import type { LoadBalancerIngress, Service } from '../../lib/api/service/service.ts';
import { formatAddress } from '../../lib/net/address.ts';
import type { Texts as RewriteTexts } from '../cluster/rewrite-backoff.ts';
import { isSaidToBeContested, type Publication } from './decide-publication.ts';
import { ingressOf, sameEntry } from './ingress.ts';

const OWN_CONDITIONS = [ADDRESS_ASSIGNED_CONDITION, BY_DEFAULT_CONDITION, ROUTE_OVERRIDES_CONDITION];

type Texts = Readonly<Record<string, string | undefined>>;

/** The parts of a Service in which this patch changes something. */
export interface ServicePatch {
  readonly metadata: Pick<Service['metadata'], 'uid' | 'resourceVersion'> & {
    readonly annotations?: object;
    readonly labels?: object;
  };
  readonly status?: { readonly loadBalancer?: object; readonly conditions?: readonly { readonly type: string }[] };
}

/** @returns undefined if the Service is up to date. If only the condition `skycap.io/Announced` differs, `announcedPatch` writes it. */
export function servicePatch(service: Service, decision: Publication, nowMs: number): ServicePatch | undefined {
  const metadata = metadataPatch(service, decision.managedMetadata);
  const loadBalancer = loadBalancerPatch(service, decision);
  const moment = { nowMs, generation: service.metadata.generation };
  const conditions = OWN_CONDITIONS.flatMap((type) =>
    conditionPatch(
      service,
      type,
      decision.verdicts.find((one) => one.type === type),
      moment,
    ),
  );
  const { announced } = decision;
  const accompanying =
    announced === 'as it is' ? [] : conditionPatch(service, ANNOUNCED_CONDITION, announced, { nowMs });
  const isOver = announced !== 'as it is' && isSaidToBeContested(service) && announced?.reason !== 'StatusContested';
  const isDue =
    metadata || loadBalancer || conditions.length > 0 || ((!announced || isOver) && accompanying.length > 0);
  if (!isDue) return undefined;
  const all = [...conditions, ...accompanying];
  const status = { ...loadBalancer, ...(all.length > 0 && { conditions: all }) };
  const hasStatus = Object.keys(status).length > 0;
  const { uid, resourceVersion } = service.metadata;
  return { metadata: { uid, resourceVersion, ...metadata }, ...(hasStatus && { status }) };
}

/** The parts of the Publication that the patch writes, as texts. Equal texts mean the same write again. */
export function textsIn(patch: ServicePatch, service: Service, decision: Publication): RewriteTexts {
  const { metadata, status } = patch;
  const { generation } = service.metadata;
  return {
    ...(status?.loadBalancer && { ingress: decision.addresses.map(formatAddress).join() }),
    ...((metadata.annotations ?? metadata.labels) && { managedMetadata: JSON.stringify(decision.managedMetadata) }),
    ...(status?.conditions?.some(({ type }) => OWN_CONDITIONS.includes(type)) && {
      conditions: JSON.stringify([decision.verdicts, generation]),
    }),
  };
}

/** The patch for the condition `skycap.io/Announced` alone. @returns undefined if the Service has that condition. */
export function announcedPatch(service: Service, verdict: ConditionUpdate, nowMs: number): unknown {
  const conditions = conditionPatch(service, ANNOUNCED_CONDITION, verdict, { nowMs });
  const { uid, resourceVersion } = service.metadata;
  return conditions.length > 0 ? { metadata: { uid, resourceVersion }, status: { conditions } } : undefined;
}

/** Removes only OpenELB's finalizers, for a Service without any other decision. */
export function finalizersOnlyPatch(service: Service): unknown {
  const finalizers = finalizersPart(service);
  const { uid, resourceVersion } = service.metadata;
  return finalizers && { metadata: { uid, resourceVersion, ...finalizers } };
}

/** Removes Skycap's metadata and conditions from a Service that is no longer a LoadBalancer. The API server itself clears the addresses in its status. */
export function withoutManagedMetadata(service: Service): unknown {
  const ingress = ingressOf(service);
  return servicePatch(
    service,
    { managedMetadata: NO_MANAGED_METADATA, ingress, addresses: [], verdicts: [], events: [] },
    0,
  );
}

function metadataPatch(service: Service, managedMetadata: ManagedMetadata): object | undefined {
  const annotations = changes(service.metadata.annotations, managedAnnotations(managedMetadata));
  const labels = changes(service.metadata.labels, { [EIP_LABEL]: managedMetadata.eip });
  const finalizers = finalizersPart(service);
  if (!annotations && !labels && !finalizers) return undefined;
  return { ...(annotations && { annotations }), ...(labels && { labels }), ...finalizers };
}

function loadBalancerPatch(service: Service, { ingress }: Publication): object | undefined {
  if (sameIngress(ingressOf(service), ingress)) return undefined;
  return { loadBalancer: { ingress: ingress.length > 0 ? ingress : null } };
}

/** The part of a patch that sets or removes the condition; empty if nothing changes. */
function conditionPatch(
  service: Service,
  type: string,
  verdict: ConditionUpdate | undefined,
  moment: Moment,
): { readonly type: string }[] {
  const conditions = service.status?.conditions;
  const old = conditions?.find((condition) => condition.type === type);
  const condition = verdict && conditionAfter(conditions, verdict, moment);
  const deletion = { $patch: 'delete', type };
  return condition === old ? [] : [condition ?? deletion];
}

function finalizersPart(service: Service): object | undefined {
  const leftovers = leftoverFinalizers(service);
  return leftovers.length > 0 ? { '$deleteFromPrimitiveList/finalizers': leftovers } : undefined;
}

/** The part of a patch that changes the map into the wanted map. Null removes a key. */
function changes(present: Texts | undefined, wanted: Texts): Record<string, string | null> | undefined {
  const differing = Object.entries(wanted).filter(([key, value]) => present?.[key] !== value);
  return differing.length > 0 ? Object.fromEntries(differing.map(([key, value]) => [key, value ?? null])) : undefined;
}

function sameIngress(a: readonly LoadBalancerIngress[], b: readonly LoadBalancerIngress[]): boolean {
  return a.length === b.length && a.every((entry, i) => entry === b[i] || sameEntry(entry, b[i]));
}
