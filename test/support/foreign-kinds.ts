/** Kinds of other load balancers for a real API server: definitions that keep every field, in place of the product. */
import type { KubeObject } from '../../lib/api/meta/object.ts';
import { CRDS } from '../../lib/kube/crd.ts';
import type { HttpKubeClient } from '../../lib/kube/http/http-client.ts';
import type { Resource } from '../../lib/kube/resource.ts';
import { eventually } from './eventually.ts';

export async function createForeignKind(
  admin: HttpKubeClient,
  { group, version, kind, plural, namespaced }: Resource<KubeObject>,
): Promise<void> {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const spec = {
    group,
    names: { kind, plural, singular: plural.slice(0, -1), listKind: `${kind}List` },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    versions: [{ name: version, served: true, storage: true, schema }],
  };
  await admin.create(CRDS, { metadata: { name: `${plural}.${group}` }, spec } as KubeObject);
}

/** The API server serves a kind some moments after its definition. */
export async function createForeign<T extends KubeObject>(
  admin: HttpKubeClient,
  resource: Resource<T>,
  object: KubeObject,
): Promise<void> {
  const { group, version, kind } = resource;
  const whole = { apiVersion: `${group}/${version}`, kind, ...object } as T;
  await eventually(() => admin.create(resource, whole));
}
