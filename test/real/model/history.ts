/**
 * Watches Services and claims from the first to the last run, of which several go on at a time, and holds each state that the API server went through against what must hold at any
 * instant: an address that is published does not go without a cause, no address and port is published by two Services or claimed by two
 * holders, and who shares has agreed to.
 */

import { type KubeObject, keyOf } from '../../../lib/api/meta/object.ts';
import type { Service } from '../../../lib/api/service/service.ts';
import type { ClaimHolder, EipClaim } from '../../../lib/api/skycap/claim.ts';
import type { HttpKubeClient } from '../../../lib/kube/http/http-client.ts';
import { EIP_CLAIMS, type Resource, SERVICES } from '../../../lib/kube/resource.ts';
import { addressesIn, disagreementsIn, portsOf } from './agreement.ts';

/** What a run knows that excuses a change. */
export interface Judge {
  readonly namespaces: readonly string[];
  /** Whether, since all was last at rest, the Service's request has changed, the Eip of the address was deleted, or its claim was in a way that promises nothing. */
  isExcused(service: Service, address: string | undefined): boolean;
  /** Whether the annotation `skycap.io/addresses` may be of somebody else's hand. */
  isForged(serviceKey: string): boolean;
  /** A claim went, or is another's, that was held by this token and not bound to a Service yet. */
  gaveWay(token: string): void;
  hasGivenWay(token: string | undefined): boolean;
  /** Something happened, for the log of the run. */
  note(text: string): void;
  /** Something must not have happened. */
  violated(text: string): void;
}

const WATCH_SECONDS = 1_500;
/** `timeoutSeconds` of the webhook, and as much again until the watches have returned what came of the review. */
const LONGEST_REVIEW_MS = 6_000;

export class History {
  readonly #client: HttpKubeClient;
  readonly #stop = new AbortController();
  readonly #services = new Map<string, Service>();
  /** `address key` of what a Service published when it was deleted, for as long as a review of the Service may go on. */
  readonly #deletedLately = new Set<string>();
  readonly #claims = new Map<string, EipClaim>();
  readonly #watching: Promise<void>[] = [];
  /** The runs that go on. */
  readonly judges = new Set<Judge>();

  constructor(client: HttpKubeClient) {
    this.#client = client;
  }

  /** Resolves when both watches are on. */
  async start(): Promise<void> {
    await Promise.all([
      this.#follow(SERVICES, (type, service) => this.#onService(type, service)),
      this.#follow(EIP_CLAIMS, (type, claim) => this.#onClaim(type, claim)),
    ]);
  }

  /** As the watch has shown them: to see cheaply whether it is worth asking. */
  servicesIn(namespaces: readonly string[]): Service[] {
    return [...this.#services.values()].filter(({ metadata }) => namespaces.includes(metadata.namespace ?? ''));
  }

  claimsOf(isOf: (claim: EipClaim) => boolean): EipClaim[] {
    return [...this.#claims.values()].filter(isOf);
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the test ends'));
    await Promise.all(this.#watching);
  }

  async #follow<T extends KubeObject>(resource: Resource<T>, see: (type: string, object: T) => void): Promise<void> {
    const { signal } = this.#stop;
    const page = await this.#client.list(resource);
    for (const item of page.items) see('added', item);
    let { resourceVersion } = page;
    const open = () => this.#client.watch(resource, { resourceVersion, timeoutSeconds: WATCH_SECONDS, signal });
    let events = await open();
    const run = async (): Promise<void> => {
      while (!signal.aborted) {
        for await (const event of events) {
          if (event.type !== 'bookmark') see(event.type, event.object);
          resourceVersion =
            event.type === 'bookmark' ? event.resourceVersion : (event.object.metadata.resourceVersion ?? '');
        }
        events = await open();
      }
    };
    const watching = run().catch((error) => {
      // A gap in what was seen would be a gap in what was judged.
      const text = `the watch of ${resource.plural} broke: ${error}`;
      if (!signal.aborted) for (const judge of this.judges) judge.violated(text);
    });
    this.#watching.push(watching);
  }

  #onService(type: string, service: Service): void {
    const key = keyOf(service);
    const before = this.#services.get(key);
    if (type === 'deleted') this.#onDeleted(key, service);
    else this.#services.set(key, service);
    const judge = this.#judgeOf(service.metadata.namespace);
    if (!judge) return;
    const now = type === 'deleted' ? [] : addressesIn(service);
    const were = before ? addressesIn(before) : [];
    if (now.join() !== were.join()) judge.note(`  ${key}: ${were.join() || '-'} → ${now.join() || '-'}`);
    if (type === 'deleted') return;
    if (before && before.metadata.uid === service.metadata.uid) {
      this.#comparePromise(judge, key, before, now);
      for (const address of were) {
        if (now.includes(address) || judge.isExcused(service, address)) continue;
        judge.violated(
          `${key} lost its address ${address}, and nobody asked for that; it publishes ${now.join() || 'none'}`,
        );
      }
    }
    for (const address of now) this.#lookForOthers(judge, key, service, address);
  }

  #onDeleted(key: string, service: Service): void {
    this.#services.delete(key);
    for (const address of addressesIn(service)) {
      this.#deletedLately.add(`${address} ${key}`);
      setTimeout(() => this.#deletedLately.delete(`${address} ${key}`), LONGEST_REVIEW_MS).unref();
    }
  }

  /** The answer to the create call is a promise, if it is stored in time. More may be given: the other family, if it was lacking. */
  #comparePromise(judge: Judge, key: string, before: Service, now: readonly string[]): void {
    const promised = before.metadata.annotations?.['skycap.io/addresses'];
    if (!promised || addressesIn(before).length > 0 || now.length === 0 || judge.isForged(key)) return;
    if (judge.hasGivenWay(before.metadata.annotations?.['skycap.io/claim'])) return;
    const broken = promised.split(',').filter((address) => !now.includes(address) && !judge.isExcused(before, address));
    if (broken.length > 0) judge.violated(`${key} was promised ${promised} and got ${now.join()}`);
  }

  /** An update of a Service's own ports stands before Skycap can act on it; that much is its own doing. */
  #lookForOthers(judge: Judge, key: string, service: Service, address: string): void {
    const ports = portsOf(service);
    for (const [otherKey, other] of this.#services) {
      if (otherKey === key || !addressesIn(other).includes(address)) continue;
      const both = portsOf(other).filter((port) => ports.includes(port));
      if (both.length === 0 || judge.isExcused(service, undefined) || judge.isExcused(other, undefined)) continue;
      judge.violated(`${address} port ${both.join()} is published by ${key} and ${otherKey}`);
    }
  }

  #onClaim(type: string, claim: EipClaim): void {
    const before = this.#claims.get(claim.spec.address)?.spec.holders ?? [];
    const after = type === 'deleted' ? [] : claim.spec.holders;
    for (const { namespace, token, uid } of before) {
      const isThere = after.some((holder) => holder.token === token);
      if (uid === undefined && !isThere) this.#judgeOf(namespace)?.gaveWay(token);
    }
    if (type === 'deleted') this.#claims.delete(claim.spec.address);
    else this.#claims.set(claim.spec.address, claim);
    const judge = claim.spec.holders.map(({ namespace }) => this.#judgeOf(namespace)).find((one) => one !== undefined);
    if (!judge) return;
    const holders = claim.spec.holders.map(({ name, uid }) => `${name ?? '?'}${uid ? '' : ' (unbound)'}`).join(', ');
    judge.note(`  claim ${claim.spec.address} ${type}: ${holders}`);
    for (const { between, why } of type === 'deleted' ? [] : disagreementsIn(claim.spec.holders)) {
      const isThere = (one: ClaimHolder): boolean =>
        before.some((other) => isSame(one)(other) && !other.waiting) || this.#isPublished(claim.spec.address, one);
      // A place that is reserved is nobody's yet.
      if (!between.some(({ waiting }) => waiting) && !between.every(isThere))
        judge.violated(`claim ${claim.spec.address}: ${why}`);
    }
  }

  /**
   * A Service keeps an address that it publishes, and gets its claim again. A webhook knows the Service from the review alone. If the Service is deleted during the
   * review of an update and its claim becomes another's, the webhook adds a holder without a Service, by which nothing is published, and the allocator collects it.
   */
  #isPublished(address: string, { namespace, name = '' }: ClaimHolder): boolean {
    const key = `${namespace}/${name}`;
    const service = this.#services.get(key);
    return (
      this.#deletedLately.has(`${address} ${key}`) || (service !== undefined && addressesIn(service).includes(address))
    );
  }

  #judgeOf(namespace: string | undefined): Judge | undefined {
    return [...this.judges].find(({ namespaces }) => namespaces.includes(namespace ?? ''));
  }
}

function isSame({ namespace, name, token }: ClaimHolder): (other: ClaimHolder) => boolean {
  return (other) =>
    other.namespace === namespace && (other.token === token || (name !== undefined && other.name === name));
}
