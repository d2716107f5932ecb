/** The configuration of kube-proxy, as kubeadm stores it: with IPVS and without strictARP, every node answers ARP for every address. PURE. */
import type { Finding } from '../finding.ts';

/** The part of KubeProxyConfiguration that this reads; no field is sure to be there. */
export interface KubeProxyConfiguration {
  readonly mode?: unknown;
  readonly ipvs?: { readonly strictARP?: unknown } | null;
}

export const KUBE_PROXY_CONFIG = { namespace: 'kube-system', name: 'kube-proxy' };
/** In the ConfigMap, as YAML. */
export const KUBE_PROXY_KEY = 'config.conf';

/** @param usesLayer2 an Eip has addresses of layer 2. */
export function kubeProxyFindings(config: KubeProxyConfiguration | undefined, usesLayer2: boolean): Finding[] {
  if (!usesLayer2 || config?.mode !== 'ipvs' || config.ipvs?.strictARP === true) return [];
  return [
    {
      reason: 'StrictArpOff',
      object: { kind: 'ConfigMap', ...KUBE_PROXY_CONFIG },
      message:
        'kube-proxy runs in IPVS mode without strictARP, so every node answers ARP for the addresses of layer 2, which one node at a time has',
      remedy: `set ipvs.strictARP: true in ${KUBE_PROXY_KEY}, and restart kube-proxy: kubectl -n kube-system rollout restart daemonset/kube-proxy`,
    },
  ];
}
