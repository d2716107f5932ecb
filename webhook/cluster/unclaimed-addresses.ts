/**
 * Reserves addresses that a Service publishes without a claim: the claim was deleted by hand, or OpenELB gave the address. The reservation ends once the allocator has claimed
 * the address. `find-unclaimed.ts` finds the addresses that were unclaimed when the webhook started.
 *
 * In the watch, a claim that the allocator released looks the same as one deleted by hand. The allocator releases an address only after no Service publishes it, so the address is free
 * if none of its former holders publishes it. This takes one read for each release, and memory only for the addresses in doubt.
 */

import { keyFor } from '../../lib/api/meta/object.ts';
import { publishedAddresses } from '../../lib/api/service/published-addresses.ts';
import { claimAddress, type EipClaim } from '../../lib/api/skycap/claim.ts';
import type { Ledger } from '../../lib/ipam/choice/ledger.ts';
import type { Store } from '../../lib/kube/cache/store.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { getOrUndefined } from '../../lib/kube/http/get-or-undefined.ts';
import { SERVICES } from '../../lib/kube/resource.ts';
import { type Address, formatAddress, sameAddress } from '../../lib/net/address.ts';
import type { Logger } from '../../lib/process/log.ts';
import { backoffMs } from '../../lib/process/loop/backoff.ts';
import { KeyedQueue } from '../../lib/process/loop/keyed-queue.ts';
import type { Requeue } from '../../lib/process/loop/level-loop.ts';

export interface UnclaimedAddressesDeps {
  readonly claims: Store<EipClaim>;
  /** Must subscribe to the claims first: an address that it frees is reserved here at once. */
  readonly ledger: Ledger;
  readonly client: Pick<KubeClient, 'get'>;
  readonly log: Logger;
}

/** `foreign`: of another load balancer, which may keep the address. */
export type DoubtKind = 'to be claimed' | 'foreign';

interface Doubt {
  readonly address: Address;
  /** The Services that held or publish the address. */
  readonly services: readonly { readonly namespace: string; readonly name: string }[];
  readonly settle: () => void;
  readonly kind: DoubtKind;
  looks: number;
}

const LOOKS_AT_A_TIME = 8;
/** The allocator needs moments to claim an address again, or longer if none runs. */
const NEXT_LOOK = { firstMs: 200, capMs: 10_000 };
/** The allocator watches Services, and gives such an address as soon as it is free. */
const NEXT_LOOK_AT_FOREIGN = { firstMs: 10_000, capMs: 300_000 };

export class UnclaimedAddresses {
  readonly #deps: UnclaimedAddressesDeps;
  readonly #doubts = new Map<string, Doubt>();
  readonly #queue: KeyedQueue;

  constructor(deps: UnclaimedAddressesDeps) {
    this.#deps = deps;
    const act = (key: string, signal: AbortSignal): Promise<Requeue | undefined> => this.#look(key, signal);
    this.#queue = new KeyedQueue({ name: 'vanished claims', act, log: deps.log, concurrency: LOOKS_AT_A_TIME });
    deps.claims.subscribe(({ type, object }) => {
      if (type === 'deleted') this.#saw(object);
    });
  }

  /** The number of addresses in doubt; at rest 0. */
  get size(): number {
    return this.#doubts.size;
  }

  /** Resolves when `signal` has aborted; never rejects. */
  run(signal: AbortSignal): Promise<void> {
    return this.#queue.run(signal);
  }

  #saw({ metadata, spec }: EipClaim): void {
    const address = claimAddress(metadata.name ?? '');
    // A Service without a name publishes nothing yet.
    const services = spec.holders.flatMap(({ namespace, name }) => (name === undefined ? [] : [{ namespace, name }]));
    if (!address || services.length === 0) return;
    this.reserveUntilClaimed(address, services);
  }

  /** Reserves the address while one of these Services publishes it without a claim. */
  reserveUntilClaimed(address: Address, services: Doubt['services'], kind: DoubtKind = 'to be claimed'): void {
    const key = formatAddress(address);
    const settle = this.#deps.ledger.reserveUntilClaimed(address);
    const before = this.#doubts.get(key);
    before?.settle();
    const all = new Map(
      [...(before?.services ?? []), ...services].map((ref) => [keyFor(ref.namespace, ref.name), ref]),
    );
    this.#doubts.set(key, { address, services: [...all.values()], settle, kind, looks: 0 });
    this.#queue.add(key);
  }

  async #look(key: string, signal: AbortSignal): Promise<Requeue | undefined> {
    const reserveUntilClaimed = this.#doubts.get(key);
    if (!reserveUntilClaimed) return undefined;
    const isSettled = !(await this.#isPublishedUnclaimed(reserveUntilClaimed, signal));
    // The claim may have been deleted again meanwhile.
    if (this.#doubts.get(key) !== reserveUntilClaimed) return undefined;
    if (isSettled) {
      this.#doubts.delete(key);
      reserveUntilClaimed.settle();
      return undefined;
    }
    const isForeign = reserveUntilClaimed.kind === 'foreign';
    if (reserveUntilClaimed.looks === 0) {
      const services = reserveUntilClaimed.services.map(({ namespace, name }) => keyFor(namespace, name));
      const message = isForeign ? 'another load balancer has an address of an Eip' : 'a published address has no claim';
      this.#deps.log.warn({ address: key, services }, message);
    }
    reserveUntilClaimed.looks++;
    return { requeueAfterMs: backoffMs(reserveUntilClaimed.looks, isForeign ? NEXT_LOOK_AT_FOREIGN : NEXT_LOOK, 1) };
  }

  /** Whether a Service that is no holder of the address publishes it. */
  async #isPublishedUnclaimed({ address, services }: Doubt, signal: AbortSignal): Promise<boolean> {
    const holders = this.#deps.ledger.claimOf(address)?.spec.holders ?? [];
    const without = services.filter(
      (ref) => !holders.some(({ namespace, name }) => namespace === ref.namespace && name === ref.name),
    );
    const published = await Promise.all(without.map((ref) => this.#publishedBy(ref, signal)));
    return published.flat().some((one) => sameAddress(one, address));
  }

  async #publishedBy(ref: Doubt['services'][number], signal: AbortSignal): Promise<readonly Address[]> {
    const service = await getOrUndefined(this.#deps.client, SERVICES, ref, signal);
    return service ? publishedAddresses(service) : [];
  }
}
