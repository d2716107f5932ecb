/** Reads the configuration of kube-proxy in its ConfigMap. PURE. */
import { parse } from 'yaml';
import type { ConfigMap } from '../../lib/api/policy/find-policy.ts';
import { KUBE_PROXY_KEY, type KubeProxyConfiguration } from '../../lib/preflight/node/kube-proxy-findings.ts';

/** @returns undefined for a text that is no YAML, such as in a cluster that uses the name otherwise. */
export function kubeProxyConfigurationIn(configMap: ConfigMap | undefined): KubeProxyConfiguration | undefined {
  try {
    const read: unknown = parse(configMap?.data?.[KUBE_PROXY_KEY] ?? '');
    return typeof read === 'object' && read !== null ? read : undefined;
  } catch {
    return undefined;
  }
}
