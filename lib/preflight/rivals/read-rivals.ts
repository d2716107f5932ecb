/** Reads the objects of other load balancers: one page of each kind. A kind that the cluster does not have is empty. */
import type { KubeObject } from '../../api/meta/object.ts';
import type { KubeClient } from '../../kube/client.ts';
import { LEASES, type Lease } from '../../kube/election/lease.ts';
import { isNotFound } from '../../kube/errors.ts';
import { getOrUndefined } from '../../kube/http/get-or-undefined.ts';
import { CONFIG_MAPS, type Resource } from '../../kube/resource.ts';
import { calicoPools, ciliumPool, type ForeignPool, kubeVipPool, metalLbPool } from './foreign-pool.ts';
import {
  CALICO_CONTROLLERS,
  CALICO_POOLS,
  CILIUM_POOLS,
  KUBE_VIP_POOLS,
  METALLB_POOLS,
  OPENELB_LEASE,
} from './foreign-resources.ts';

export type RivalReader = Pick<KubeClient, 'get' | 'list'>;

/** More pools than these are not compared. */
const MOST_POOLS = 200;
/** The Lease counts as renewed for so many of its durations. */
const LEASE_DURATIONS = 3;

export async function readForeignPools(client: RivalReader, signal: AbortSignal): Promise<ForeignPool[]> {
  const metalLb = await listOrEmpty(client, METALLB_POOLS, signal);
  const cilium = await listOrEmpty(client, CILIUM_POOLS, signal);
  const calico = await listOrEmpty(client, CALICO_POOLS, signal);
  const controllers =
    calico.length > 0 ? await getOrUndefined(client, CALICO_CONTROLLERS, { name: 'default' }, signal) : undefined;
  const kubeVip = await getOrUndefined(client, CONFIG_MAPS, KUBE_VIP_POOLS, signal);
  return [
    ...metalLb.map(metalLbPool),
    ...cilium.map(ciliumPool),
    ...calico.flatMap((pool) => calicoPools(pool, controllers)),
    ...kubeVipPool(kubeVip?.data ?? {}, { kind: 'ConfigMap', ...KUBE_VIP_POOLS }),
  ];
}

export async function readOpenElbRunning(client: RivalReader, nowMs: number, signal: AbortSignal): Promise<boolean> {
  return isRenewed(await getOrUndefined(client, LEASES, OPENELB_LEASE, signal), nowMs);
}

/** Whether the holder of the Lease lives. */
export function isRenewed(lease: Lease | undefined, nowMs: number): boolean {
  const { holderIdentity, renewTime, leaseDurationSeconds = 15 } = lease?.spec ?? {};
  if (!holderIdentity || renewTime === undefined) return false;
  return nowMs - Date.parse(renewTime) < leaseDurationSeconds * LEASE_DURATIONS * 1000;
}

async function listOrEmpty<T extends KubeObject>(
  client: RivalReader,
  resource: Resource<T>,
  signal: AbortSignal,
): Promise<readonly T[]> {
  try {
    return (await client.list(resource, { limit: MOST_POOLS, signal })).items;
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}
