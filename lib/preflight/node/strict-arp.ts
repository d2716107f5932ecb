/**
 * kube-proxy in IPVS mode puts the addresses of all Services on the interface `kube-ipvs0` of each node. Unless kube-proxy has `strictARP: true`, every node then answers ARP
 * for an address of layer 2, which only its owner may. PURE.
 */
import type { Finding } from '../finding.ts';

export interface ArpSettings {
  /** The interface of kube-proxy in IPVS mode exists. */
  readonly hasIpvs: boolean;
  /** `net.ipv4.conf.*.arp_ignore` by interface, and of `all`; the higher one of the two counts. */
  readonly arpIgnore: Readonly<Record<string, number>>;
}

/** Linux `ip-sysctl`: values with which an interface answers for no address of another interface. */
const STRICT: readonly number[] = [1, 2, 8];

/** @param interfaces of layer 2. */
export function strictArpFindings(
  { hasIpvs, arpIgnore }: ArpSettings,
  interfaces: readonly string[],
  nodeName: string,
): Finding[] {
  if (!hasIpvs) return [];
  const all = arpIgnore.all ?? 0;
  const loose = interfaces.filter((name) => !STRICT.includes(Math.max(all, arpIgnore[name] ?? 0)));
  if (loose.length === 0) return [];
  return [
    {
      reason: 'StrictArpOff',
      object: { kind: 'Node', name: nodeName },
      message: `kube-proxy runs in IPVS mode without strictARP, so the node answers ARP on ${loose.join(', ')} for addresses that other nodes have`,
      remedy:
        'set ipvs.strictARP: true in the ConfigMap kube-system/kube-proxy, and restart kube-proxy: kubectl -n kube-system rollout restart daemonset/kube-proxy',
    },
  ];
}
