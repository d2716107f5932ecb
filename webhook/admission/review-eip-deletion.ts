/**
 * Refuses to delete an Eip while Services have its addresses, unless the Eip has the annotation to release them. This protects against mistakes only: the addresses
 * of a deleted Eip stay with their Services (decisions/0018).
 *
 * The Services are read from the API server, since a claim may belong to a deleted Service. The deletion of the CRD calls no webhook.
 */
import { type Eip, releasesAddresses } from '../../lib/api/eip/eip.ts';
import { eipInUseText, type LiveAddress, nameAddresses } from '../../lib/api/eip/validate-eip.ts';
import { CLAIM_ANNOTATION } from '../../lib/api/keys.ts';
import { keyFor, keyOf } from '../../lib/api/meta/object.ts';
import { publishedAddresses } from '../../lib/api/service/published-addresses.ts';
import type { Service } from '../../lib/api/service/service.ts';
import type { KubeWatcher } from '../../lib/kube/client.ts';
import { formatAddress } from '../../lib/net/address.ts';
import type { Logger } from '../../lib/process/log.ts';
import type { ClusterState } from '../cluster/cluster-state.ts';
import { listServices } from '../cluster/list-services.ts';
import type { AdmissionRequest } from '../review/review.ts';
import type { Reviewed } from '../review/reviewed.ts';

export interface DeletionDeps {
  readonly cluster: Pick<ClusterState, 'missing' | 'claimsOf' | 'eipOf'>;
  readonly client: Pick<KubeWatcher, 'list'>;
  readonly log: Logger;
}

export function isEipDeletion({ kind, operation }: AdmissionRequest): boolean {
  return kind === 'Eip' && operation === 'DELETE';
}

export async function reviewEipDeletion(
  { name, oldObject, dryRun }: AdmissionRequest,
  { cluster, client, log }: DeletionDeps,
  signal: AbortSignal,
): Promise<Reviewed> {
  if (!oldObject || oldObject.metadata.deletionTimestamp !== undefined) return allowed();
  if (cluster.missing !== undefined) return allowed(`not asked who has its addresses: ${cluster.missing}`);
  const inUse = await addressesInUse(name, cluster, client, signal);
  if (inUse.length === 0) return allowed();
  if (releasesAddresses(oldObject)) return allowed(`takes their addresses from Services: ${nameAddresses(inUse)}`);
  const message = eipInUseText(name, inUse);
  if (!dryRun) log.info({ kind: 'Eip', name, operation: 'DELETE', why: message }, 'refused object');
  return { answer: { allowed: false, refusal: 'Forbidden', message }, outcome: 'denied' };
}

async function addressesInUse(
  eipName: Eip['name'],
  cluster: DeletionDeps['cluster'],
  client: DeletionDeps['client'],
  signal: AbortSignal,
): Promise<LiveAddress[]> {
  const users = new Map<string, Set<string>>();
  const claimed = claimedBy(cluster, eipName);
  for await (const service of listServices(client, signal)) {
    const published = publishedAddresses(service).filter((address) => cluster.eipOf(address) === eipName);
    for (const address of [...published.map(formatAddress), ...idsOf(service).flatMap((id) => claimed.get(id) ?? [])]) {
      users.set(address, (users.get(address) ?? new Set()).add(keyOf(service)));
    }
  }
  return [...users].map(([address, services]) => ({ address, services: [...services] }));
}

/** Addresses of the Eip, by the name and by the token of each holder. */
function claimedBy(cluster: DeletionDeps['cluster'], eipName: string): Map<string, string[]> {
  const claimed = new Map<string, string[]>();
  for (const { spec } of cluster.claimsOf(eipName)) {
    for (const { namespace, name, token } of spec.holders) {
      const id = name === undefined ? tokenId(namespace, token) : keyFor(namespace, name);
      claimed.set(id, [...(claimed.get(id) ?? []), spec.address]);
    }
  }
  return claimed;
}

function idsOf(service: Service): string[] {
  const token = service.metadata.annotations?.[CLAIM_ANNOTATION];
  return [keyOf(service), ...(token === undefined ? [] : [tokenId(service.metadata.namespace ?? '', token)])];
}

/** Differs from the key of every Service. */
function tokenId(namespace: string, token: string): string {
  return `${namespace}/token/${token}`;
}

function allowed(...warnings: string[]): Reviewed {
  return { answer: { allowed: true, warnings }, outcome: 'allowed' };
}
