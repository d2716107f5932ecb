/** The last step on a node: the mode of kube-proxy, from its ConfigMap in kube-system, as kubeadm writes it. */
import type { ConfigMap } from '../../../lib/api/policy/find-policy.ts';
import { failed, ok, type Step, unknown } from '../../../lib/explain/explanation.ts';
import { isForbidden, KubeError } from '../../../lib/kube/errors.ts';
import { getOrUndefined } from '../../../lib/kube/http/get-or-undefined.ts';
import { CONFIG_MAPS } from '../../../lib/kube/resource.ts';
import { KUBE_PROXY_CONFIG, kubeProxyFindings } from '../../../lib/preflight/node/kube-proxy-findings.ts';
import { kubeProxyConfigurationIn } from '../../cluster/kube-proxy-configuration.ts';
import type { Session } from '../../session/session.ts';

const FROM = 'ConfigMap kube-system/kube-proxy';

export type KubeProxyRead = ConfigMap | 'forbidden' | undefined;

export async function readKubeProxy({ client, signal }: Session): Promise<KubeProxyRead> {
  try {
    return await getOrUndefined(client, CONFIG_MAPS, KUBE_PROXY_CONFIG, signal);
  } catch (error) {
    if (isForbidden(error)) return 'forbidden';
    if (error instanceof KubeError) return undefined;
    throw error;
  }
}

/** @param isLayer2 whether an address of the Service is of layer 2. */
export function kubeProxyStep(read: KubeProxyRead, isLayer2: boolean): Step {
  if (read === 'forbidden') return unknown('You may not read the mode of kube-proxy', FROM);
  if (!read) {
    return unknown('does not exist, so the mode of kube-proxy, or of its substitute, is not known', FROM);
  }
  const configuration = kubeProxyConfigurationIn(read) ?? {};
  const [finding] = kubeProxyFindings(configuration, isLayer2);
  if (finding) return failed(finding.reason, finding.message, FROM, { remedy: finding.remedy });
  return ok(`mode ${configuration.mode || 'iptables'}: kube-proxy on the node forwards to the endpoints`, FROM);
}
