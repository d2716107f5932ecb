/** The pools of other load balancers, read from their objects. PURE. A part that can't be read is skipped: its owner refuses it, too. */
import { type AddressRange, parseRange } from '../../net/range.ts';
import { type ObjectName, objectName } from '../finding.ts';
import type { ForeignObject } from './foreign-resources.ts';

export type PoolOwner = 'MetalLB' | 'Cilium' | 'Calico' | 'kube-vip';

export interface ForeignPool {
  readonly owner: PoolOwner;
  readonly object: ObjectName;
  readonly ranges: readonly AddressRange[];
  /** A Service without class, which names no pool, gets an address of it. */
  readonly servesClassless: boolean;
}

/** MetalLB: `spec.addresses`, each a CIDR or a range; `spec.autoAssign: false` is for Services that name the pool. */
export function metalLbPool(object: ForeignObject): ForeignPool {
  const { addresses, autoAssign } = object.spec ?? {};
  return {
    owner: 'MetalLB',
    object: objectName('IPAddressPool', object),
    ranges: rangesOf(listOf(addresses)),
    servesClassless: autoAssign !== false,
  };
}

/** Cilium: `spec.blocks`, each with `cidr`, or with `start` and perhaps `stop`. */
export function ciliumPool(object: ForeignObject): ForeignPool {
  const { blocks, disabled, serviceSelector } = object.spec ?? {};
  const texts = listOf(blocks).map((block) => {
    const { cidr, start, stop } = recordOf(block);
    return cidr ?? (stop === undefined ? start : `${String(start)}-${String(stop)}`);
  });
  return {
    owner: 'Cilium',
    object: objectName('CiliumLoadBalancerIPPool', object),
    ranges: rangesOf(texts),
    servesClassless: disabled !== true && serviceSelector === undefined,
  };
}

/**
 * Calico: an IPPool whose `spec.allowedUses` has `LoadBalancer`. Other IPPools have addresses of pods.
 * @param controllers the KubeControllersConfiguration `default`. With `assignIPs: RequestedServicesOnly`, Calico serves only Services that ask for Calico.
 */
export function calicoPools(object: ForeignObject, controllers: ForeignObject | undefined): ForeignPool[] {
  const { cidr, disabled, allowedUses, assignmentMode } = object.spec ?? {};
  if (!listOf(allowedUses).includes('LoadBalancer')) return [];
  const { assignIPs } = recordOf(recordOf(controllers?.spec?.controllers).loadBalancer);
  const isAutomatic = assignmentMode !== 'Manual' && assignIPs !== 'RequestedServicesOnly';
  return [
    {
      owner: 'Calico',
      object: objectName('IPPool', object),
      ranges: rangesOf([cidr]),
      servesClassless: isAutomatic && disabled !== true,
    },
  ];
}

/** kube-vip's cloud provider: `cidr-NAMESPACE` and `range-NAMESPACE` in its ConfigMap, each a list with commas; `global` stands for every namespace. */
export function kubeVipPool(data: Readonly<Record<string, string>>, object: ObjectName): ForeignPool[] {
  const entries = Object.entries(data).filter(([key, text]) => /^(cidr|range)-/.test(key) && text !== '');
  if (entries.length === 0) return [];
  const ranges = rangesOf(entries.flatMap(([, text]) => text.split(',')));
  return [{ owner: 'kube-vip', object, ranges, servesClassless: true }];
}

function rangesOf(texts: readonly unknown[]): AddressRange[] {
  return texts.flatMap((text) => {
    const parsed = typeof text === 'string' ? parseRange(text.replace(/\s/g, '')) : undefined;
    return parsed?.ok ? [parsed.range] : [];
  });
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
