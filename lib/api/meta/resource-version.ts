/** resourceVersions of one resource are comparable since Kubernetes 1.35 (KEP-5504), as numbers of any length. PURE. */
import type { KubeObject } from './object.ts';

export function isNewer({ metadata: { resourceVersion: a = '' } }: KubeObject, than: KubeObject): boolean {
  const { resourceVersion: b = '' } = than.metadata;
  return a.length !== b.length ? a.length > b.length : a > b;
}
