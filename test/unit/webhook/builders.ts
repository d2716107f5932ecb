/** Services, reviews and a situation in memory, for the tests of the webhook's decisions. */
import type { EipClaim } from '../../../lib/api/claim.ts';
import type { EipObject } from '../../../lib/api/eip-types.ts';
import type { KubeObject } from '../../../lib/api/object.ts';
import type { Service } from '../../../lib/api/service.ts';
import type { Change, Store } from '../../../lib/kube/store.ts';
import { ClusterSituation } from '../../../webhook/situation.ts';

export const OURS = { 'lb.kubesphere.io/v1alpha1': 'openelb' };

/** A Service `shop/front` of ours, as it comes at its creation. */
export function service(annotations: Record<string, string> = {}, spec: Service['spec'] = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'front', namespace: 'shop', annotations: { ...OURS, ...annotations } },
    spec: { type: 'LoadBalancer', selector: { app: 'front' }, ports: [{ port: 80, protocol: 'TCP' }], ...spec },
  };
}

/** The same, as the API server has it: with its uid, its families and its address. */
export function stored(annotations: Record<string, string> = {}, spec: Service['spec'] = {}): Service {
  const base = service({ 'skycap.io/addresses': '198.51.100.7', 'skycap.io/claim': 't1', ...annotations }, spec);
  return {
    ...base,
    metadata: { ...base.metadata, uid: 'u1', labels: { 'eip.openelb.kubesphere.io/v1alpha2': 'web' } },
    spec: {
      clusterIP: '10.96.0.7',
      clusterIPs: ['10.96.0.7'],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      ...base.spec,
    },
  };
}

/** A store that is filled by hand: what a Reflector would have read. */
export class MemoryStore<T extends KubeObject> implements Store<T> {
  synced = true;
  readonly #items = new Map<string, T>();
  readonly #listeners: ((change: Change<T>) => void)[] = [];

  get size(): number {
    return this.#items.size;
  }

  silentForMs(): number {
    return 0;
  }

  get(key: string): T | undefined {
    return this.#items.get(key);
  }

  values(): IterableIterator<T> {
    return this.#items.values();
  }

  subscribe(listener: (change: Change<T>) => void): void {
    this.#listeners.push(listener);
  }

  add(key: string, object: T): void {
    this.#items.set(key, object);
    for (const listener of this.#listeners) listener({ type: 'added', key, object });
  }

  remove(key: string): void {
    const object = this.#items.get(key);
    if (!object) return;
    this.#items.delete(key);
    for (const listener of this.#listeners) listener({ type: 'deleted', key, object });
  }
}

export function eipObject(name: string, address: string, spec: object = {}, metadata: object = {}): EipObject {
  return {
    apiVersion: 'network.kubesphere.io/v1alpha2',
    kind: 'Eip',
    metadata: { name, uid: `uid-${name}`, creationTimestamp: '2026-01-01T00:00:00Z', ...metadata },
    spec: { address, ...spec },
  };
}

export function situationOf(eips: readonly EipObject[], claims: readonly EipClaim[] = []) {
  const sources = {
    eips: new MemoryStore<EipObject>(),
    claims: new MemoryStore<EipClaim>(),
    namespaces: new MemoryStore<KubeObject>(),
  };
  const situation = new ClusterSituation({
    ...sources,
    primaryFamily: () => 4,
    isUnclaimedKnown: () => true,
    unmarkedServices: 'defaultEip',
  });
  for (const eip of eips) sources.eips.add(eip.metadata.name ?? '', eip);
  for (const claim of claims) sources.claims.add(claim.metadata.name ?? '', claim);
  return { situation, sources };
}
