/** Reads whether a CustomResourceDefinition is served. The deletion of a CRD deletes all its objects, which no user asked for by name. */
import type { Condition, KubeObject } from '../api/meta/object.ts';
import type { Resource } from './resource.ts';

export interface Crd extends KubeObject {
  readonly status?: { readonly conditions?: readonly Pick<Condition, 'type' | 'status'>[] };
}

export const CRDS: Resource<Crd> = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};

export function crdName({ plural, group }: Pick<Resource<KubeObject>, 'plural' | 'group'>): string {
  return `${plural}.${group}`;
}

/** @returns its creation time (RFC 3339), or undefined while it is absent, not served yet, or being deleted. */
export function establishedSince(crd: Crd | undefined): string | undefined {
  if (!crd || crd.metadata.deletionTimestamp !== undefined) return undefined;
  const is = (type: string): boolean =>
    !!crd.status?.conditions?.some((one) => one.type === type && one.status === 'True');
  return is('Established') && !is('Terminating') ? (crd.metadata.creationTimestamp ?? '') : undefined;
}
