/**
 * A Service in an UPDATE, with what its author left out filled in as the API server is going to do it after us. A `kubectl replace` of the original
 * manifest has no cluster IPs and no families, though the stored Service keeps them (Kubernetes `pkg/registry/core/service/storage`,
 * `patchAllocatedValues` and `alloc.go`). Pure.
 */
import type { Service } from '../../lib/api/service/service.ts';

export function asStored(service: Service, old: Service): Service {
  const { spec = {} } = service;
  const before = old.spec ?? {};
  if (before.type === 'ExternalName') return service;
  const policy = spec.ipFamilyPolicy ?? before.ipFamilyPolicy;
  const families = spec.ipFamilies ?? before.ipFamilies;
  const filled = {
    ...spec,
    ...(policy && { ipFamilyPolicy: policy }),
    // Going back to one family keeps the first.
    ...(families && { ipFamilies: policy === 'SingleStack' ? families.slice(0, 1) : families }),
    ...(before.clusterIPs && { clusterIPs: before.clusterIPs }),
  };
  if (policy !== before.ipFamilyPolicy && before.ipFamilyPolicy === 'SingleStack') {
    // Without cluster IPs it counts as one whose second family is still to come.
    const { clusterIP, clusterIPs, ...upgraded } = filled;
    return { ...service, spec: upgraded };
  }
  return { ...service, spec: filled };
}
