/** What the webhook watches: the Eips, the claims, the namespaces' labels; and its own Secret and configurations, by name. */
import type { Registry } from 'prom-client';
import type { Namespace } from '../lib/api/service.ts';
import { MUTATING, VALIDATING } from '../lib/kube/admission-refusal.ts';
import type { KubeWatcher } from '../lib/kube/client.ts';
import { Reflector } from '../lib/kube/reflector.ts';
import { EIP_CLAIMS, EIPS, NAMESPACES } from '../lib/kube/resource.ts';
import { dropManagedFields } from '../lib/kube/transform.ts';
import type { Logger } from '../lib/process/log.ts';
import { SECRETS, TLS_SECRET, WEBHOOK_CONFIGURATION } from './tls/tls-keeper.ts';

export interface StoreOptions {
  readonly client: KubeWatcher;
  readonly namespace: string;
  readonly log: Logger;
  readonly registry: Registry;
}

export function makeStores({ namespace, ...options }: StoreOptions) {
  const configuration = { ...options, fieldSelector: `metadata.name=${WEBHOOK_CONFIGURATION}` };
  return {
    eips: new Reflector({ ...options, resource: EIPS }),
    claims: new Reflector({ ...options, resource: EIP_CLAIMS }),
    namespaces: new Reflector({ ...options, resource: NAMESPACES, transform: onlyLabels }),
    secrets: new Reflector({ ...options, resource: SECRETS, namespace, fieldSelector: `metadata.name=${TLS_SECRET}` }),
    mutating: new Reflector({ ...configuration, resource: MUTATING }),
    validating: new Reflector({ ...configuration, resource: VALIDATING }),
  };
}

export type Stores = ReturnType<typeof makeStores>;

function onlyLabels(namespace: Namespace): Namespace {
  const { apiVersion, kind, metadata } = dropManagedFields(namespace);
  const { name, uid, resourceVersion, labels } = metadata;
  return {
    ...(apiVersion && { apiVersion }),
    ...(kind && { kind }),
    metadata: {
      ...(name && { name }),
      ...(uid && { uid }),
      ...(resourceVersion && { resourceVersion }),
      ...(labels && { labels }),
    },
  };
}
