/** Paths and queries of the Kubernetes API. Every part is escaped, and an empty name never turns one object into a collection. */
import type { KubeObject } from '../../api/meta/object.ts';
import type { ObjectRef } from '../client.ts';
import type { Resource } from '../resource.ts';

/** All namespaces if `namespace` is absent. */
export function collectionPath<T extends KubeObject>(resource: Resource<T>, namespace?: string): string {
  const root = resource.group === '' ? '/api' : `/apis/${encodeURIComponent(resource.group)}`;
  const within = namespace && resource.namespaced ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}/${encodeURIComponent(resource.version)}${within}/${encodeURIComponent(resource.plural)}`;
}

/** @throws {RangeError} without a name, or without a required namespace: a DELETE of the resulting path would delete the whole collection. */
export function objectPath<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, subresource?: string): string {
  requireNamespace(resource, ref.namespace);
  // The API server takes "." and ".." for no name either; in a path they would climb.
  if (ref.name === '' || ref.name === '.' || ref.name === '..') {
    throw new RangeError(`Cannot address one of ${resource.plural}: "${ref.name}" is not a name`);
  }
  const tail = subresource ? `/${subresource}` : '';
  return `${collectionPath(resource, ref.namespace)}/${encodeURIComponent(ref.name)}${tail}`;
}

/** @throws {RangeError} if the resource is namespaced and the namespace is missing. */
export function requireNamespace<T extends KubeObject>(resource: Resource<T>, namespace: string | undefined): void {
  if (resource.namespaced && !namespace) {
    throw new RangeError(`Cannot address one of ${resource.plural}: its namespace is missing`);
  }
}

/** `?a=b&c=d`, or nothing; undefined and empty parameters are left out. */
export function queryString(parameters: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}
