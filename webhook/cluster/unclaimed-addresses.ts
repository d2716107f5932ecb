/**
 * Addresses that a Service publishes without a claim: somebody deleted it by hand, or they were given by OpenELB. The allocator claims such an address, and until
 * it has, the webhook gives it to nobody. Those that were so before it looked, `find-unclaimed.ts` finds.
 *
 * A claim that vanishes in order looks the same in the watch. But an address is released only after nobody is told of it any more, so the Services that held it tell the
 * two apart: as soon as none of them publishes it, it is free. That takes one read a release, and the memory holds only what is being looked at.
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
  /** To be told of the claims' changes before this one is: what is free there is reserved here in the same moment. */
  readonly ledger: Ledger;
  readonly client: Pick<KubeClient, 'get'>;
  readonly log: Logger;
}

/** `foreign`: another load balancer's, which may have it for good. */
export type DoubtKind = 'to be claimed' | 'foreign';

interface Doubt {
  readonly address: Address;
  /** `namespace`, `name` of those that held it, as far as they are known. */
  readonly services: readonly { readonly namespace: string; readonly name: string }[];
  readonly settle: () => void;
  readonly kind: DoubtKind;
  looks: number;
}

const LOOKS_AT_A_TIME = 8;
/** The allocator needs moments to claim it again; it may also be away for long. */
const NEXT_LOOK = { firstMs: 200, capMs: 10_000 };
/** The allocator, which watches Services, gives it as soon as it is free. */
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

  /** Addresses in doubt; at rest none. */
  get size(): number {
    return this.#doubts.size;
  }

  /** Resolves when `signal` has aborted; never rejects. */
  run(signal: AbortSignal): Promise<void> {
    return this.#queue.run(signal);
  }

  #saw({ metadata, spec }: EipClaim): void {
    const address = claimAddress(metadata.name ?? '');
    // Of a Service without a name nobody was told an address yet but its creator.
    const services = spec.holders.flatMap(({ namespace, name }) => (name === undefined ? [] : [{ namespace, name }]));
    if (!address || services.length === 0) return;
    this.reserveUntilClaimed(address, services);
  }

  /** Gives the address to nobody for as long as one of these Services publishes it without a claim. */
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
    // It may have vanished once more meanwhile.
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

  /** By one that is not in its claim, where there is one by now. */
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
