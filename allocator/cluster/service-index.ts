/**
 * Services by what they publish and by their token: kept up to date by the watch and by our own writes, so that neither question costs a walk over all of
 * them, and what was published a moment ago is known though the watch has not brought it yet.
 */

import { CLAIM_ANNOTATION, EIP_LABEL } from '../../lib/api/keys.ts';
import { ageKey, keyFor } from '../../lib/api/meta/object.ts';
import { SetIndex } from '../../lib/api/meta/set-index.ts';
import { hasOurCondition } from '../../lib/api/service/has-our-condition.ts';
import { isOurs } from '../../lib/api/service/parse-address-request.ts';
import { publishedAddresses } from '../../lib/api/service/published-addresses.ts';
import type { Service } from '../../lib/api/service/service.ts';
import { type Address, formatAddress } from '../../lib/net/address.ts';
import type { MutationCache } from './mutation-cache.ts';

const BY_ITSELF = { unmarkedServices: 'never', defaultEipExists: false } as const;

export class ServiceIndex {
  readonly #services: MutationCache<Service>;
  /** As they were indexed: what a deletion shows need not be the same. */
  readonly #indexed = new Map<string, Service>();
  readonly #byAddress = new SetIndex();
  /** Of Services that are not ours: another load balancer has given them an address that an Eip has, too. */
  readonly #byForeignAddress = new SetIndex();
  readonly #byToken = new SetIndex();

  constructor(services: MutationCache<Service>) {
    this.#services = services;
    services.store.subscribe(({ key }) => this.look(key));
  }

  /** The Service of this key has changed. */
  look(key: string): void {
    this.#remove(key);
    const service = this.#services.get(key);
    if (service) this.#add(key, service);
  }

  /** A Service other than `key` shows the address, be it one of another load balancer, and `key` does not. */
  isPublishedByOthers(address: Address, key: string): boolean {
    const text = formatAddress(address);
    const all = [this.#byAddress.get(text), this.#byForeignAddress.get(text)].filter((keys) => keys !== undefined);
    return all.length > 0 && !all.some((keys) => keys.has(key));
  }

  /** A Service of ours shows the address. */
  isPublished(address: Address): boolean {
    return this.#byAddress.has(formatAddress(address));
  }

  /** Keys of the Services of ours that show it. @param address in canonical text. */
  publishersOf(address: string): Iterable<string> {
    return this.#byAddress.get(address) ?? [];
  }

  /** The Service whose annotation has the token: of several the oldest, since the others are copies of it. */
  ownerOf(namespace: string, token: string): Service | undefined {
    const keys = [...(this.#byToken.get(keyFor(namespace, token)) ?? [])];
    const services = keys.flatMap((key) => this.#services.get(key) ?? []);
    return services.sort((a, b) => (ageKey(a) < ageKey(b) ? -1 : 1))[0];
  }

  #add(key: string, service: Service): void {
    this.#indexed.set(key, service);
    for (const [index, indexKey] of this.#keysOf(service)) index.add(indexKey, key);
  }

  #remove(key: string): void {
    const service = this.#indexed.get(key);
    if (!service) return;
    this.#indexed.delete(key);
    for (const [index, indexKey] of this.#keysOf(service)) index.delete(indexKey, key);
  }

  *#keysOf(service: Service): Generator<[SetIndex, string]> {
    const { namespace, annotations, labels } = service.metadata;
    const token = annotations?.[CLAIM_ANNOTATION];
    if (token) yield [this.#byToken, keyFor(namespace, token)];
    const isForeign = labels?.[EIP_LABEL] === undefined && !hasOurCondition(service) && !isOurs(service, BY_ITSELF);
    const index = isForeign ? this.#byForeignAddress : this.#byAddress;
    for (const address of publishedAddresses(service)) yield [index, formatAddress(address)];
  }
}
