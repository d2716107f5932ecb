/**
 * The caBundle in a webhook configuration, which the API server trusts when it calls the webhook. `kubectl apply` of the manifests may remove it, so each
 * change of the configuration is compared with the expected bundle. Pure.
 */
import type { WebhookConfiguration } from '../../lib/kube/http/admission-refusal.ts';

/**
 * @param bundle PEM.
 * @returns a strategic merge patch, where `webhooks` is a map by name; undefined if nothing differs. The resourceVersion makes it a compare-and-swap.
 */
export function caBundlePatch({ metadata, webhooks = [] }: WebhookConfiguration, bundle: string): object | undefined {
  const caBundle = Buffer.from(bundle).toString('base64');
  const differing = webhooks.filter(({ clientConfig }) => clientConfig.caBundle !== caBundle);
  if (differing.length === 0) return undefined;
  return {
    metadata: { resourceVersion: metadata.resourceVersion },
    webhooks: differing.map(({ name }) => ({ name, clientConfig: { caBundle } })),
  };
}
