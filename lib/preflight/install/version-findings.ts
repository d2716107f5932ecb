/** The version of Kubernetes. PURE. */
import type { Finding } from '../finding.ts';

/** As docs/install.md says. */
const OLDEST_MINOR = 31;

/** @param gitVersion such as `v1.34.2+k3s1`, of the API server. */
export function versionFindings(gitVersion: string): Finding[] {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(gitVersion) ?? [];
  if (major !== '1' || Number(minor) >= OLDEST_MINOR) return [];
  const message = `the API server has version ${gitVersion}, and Skycap needs 1.${OLDEST_MINOR} or later`;
  return [
    {
      reason: 'KubernetesTooOld',
      object: { kind: 'Cluster', name: 'kube-apiserver' },
      message,
      remedy: 'upgrade Kubernetes',
    },
  ];
}
