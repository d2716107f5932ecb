/**
 * Fills in the fields of a Service in an UPDATE as the API server does after admission. A `kubectl replace` of the original manifest has no cluster IPs and no
 * families, and the stored Service keeps them (Kubernetes `pkg/registry/core/service/storage`, `patchAllocatedValues` and `alloc.go`). Pure.
 */
import type { Service } from '../../api/service/service.ts';

export function asStored(service: Service, old: Service): Service {
  const { spec = {} } = service;
  const before = old.spec ?? {};
  if (before.type === 'ExternalName') return service;
  const policy = spec.ipFamilyPolicy ?? before.ipFamilyPolicy;
  const families = spec.ipFamilies ?? before.ipFamilies;
  const filled = {
    ...spec,
    ...(policy && { ipFamilyPolicy: policy }),
    // A change to SingleStack keeps the first family.
    ...(families && { ipFamilies: policy === 'SingleStack' ? families.slice(0, 1) : families }),
    ...(before.clusterIPs && { clusterIPs: before.clusterIPs }),
  };
  if (policy !== before.ipFamilyPolicy && before.ipFamilyPolicy === 'SingleStack') {
    // A Service without cluster IPs gets its second family later.
    const { clusterIP, clusterIPs, ...upgraded } = filled;
    return { ...service, spec: upgraded };
  }
  return { ...service, spec: filled };
}
