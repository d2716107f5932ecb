/** The last step on a node: the mode of kube-proxy, from its ConfigMap in kube-system, as kubeadm writes it. */
import type { KubeObject } from '../../../lib/api/meta/object.ts';
import { ok, type Step, unknown } from '../../../lib/explain/explanation.ts';
import { KubeError } from '../../../lib/kube/errors.ts';
import { CONFIG_MAPS, type Resource } from '../../../lib/kube/resource.ts';
import type { Session } from '../../session/session.ts';

const FROM = 'ConfigMap kube-system/kube-proxy';
const STRICT_ARP =
  'Set ipvs.strictARP: true there, and restart kube-proxy: kubectl -n kube-system rollout restart daemonset/kube-proxy.';

/** @param isLayer2 whether an address of the Service is of layer 2. */
export async function kubeProxyStep({ client, signal }: Session, isLayer2: boolean): Promise<Step> {
  const resource = CONFIG_MAPS as Resource<KubeObject & { readonly data?: Readonly<Record<string, string>> }>;
  const configMap = await client
    .get(resource, { namespace: 'kube-system', name: 'kube-proxy' }, { signal })
    .catch((error) => {
      if (error instanceof KubeError) return error.statusCode;
      throw error;
    });
  if (configMap === 403) return unknown('You may not read the mode of kube-proxy', FROM);
  if (typeof configMap === 'number') {
    return unknown('does not exist, so the mode of kube-proxy, or of its substitute, is not known', FROM);
  }
  const text = Object.values(configMap.data ?? {}).join('\n');
  const mode = /^mode:[ \t]*"?(\w*)"?/m.exec(text)?.[1] || 'iptables';
  const isStrict = /^\s*strictARP:\s*true\b/m.test(text);
  if (mode === 'ipvs' && isLayer2 && !isStrict) {
    const fact = 'mode ipvs without strictARP: every node answers ARP for the address, and not its owner alone';
    return { state: 'failed', fact, from: FROM, remedy: STRICT_ARP };
  }
  return ok(`mode ${mode}: kube-proxy on the node forwards to the endpoints`, FROM);
}
