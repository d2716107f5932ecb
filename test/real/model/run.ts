/**
 * One run of the model: two namespaces, three Eips with addresses of their own, what was asked for and so excuses a change, and a log of everything.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EipObject } from '../../../lib/api/eip/eip-types.ts';
import { type KubeObject, keyFor, keyOf } from '../../../lib/api/meta/object.ts';
import type { Service } from '../../../lib/api/service/service.ts';
import type { ClaimHolder, EipClaim } from '../../../lib/api/skycap/claim.ts';
import { KubeError, KubeUnreachableError } from '../../../lib/kube/errors.ts';
import { EIP_CLAIMS, EIPS, NAMESPACES, type Resource, SERVICES } from '../../../lib/kube/resource.ts';
import { addressesIn, conditionOf } from './agreement.ts';
import type { Judge } from './history.ts';
import { type AtRest, problemsAtRest, problemsOfAccounts } from './rest.ts';
import { GRACE_SECONDS, type Site } from './site.ts';

export const EIP_KEYS = ['a', 'b', 'six'] as const;
export type EipKey = (typeof EIP_KEYS)[number];

/** The machine may be busy with other things; nothing here is a measurement. */
const REST_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 20;
const NEWS_WITHIN_MS = 5_000;
/** The watch says when it is worth asking; Eips it does not show. */
const ASK_EVERY_MS = 400;
/** Refusals that a step must live with: no such object, a name that is taken, what validation or a policy forbids. */
const REFUSALS: readonly number[] = [403, 404, 409, 422];

export class Run implements Judge {
  readonly site: Site;
  readonly prefix: string;
  readonly namespaces: readonly [string, string];
  readonly log: string[] = [];
  readonly #number: number;
  readonly #startedMs = performance.now();
  /** Services whose request was changed since they were last seen to have what they ask for. */
  readonly #asked = new Set<string>();
  /** Eips that were deleted with the wish that their addresses be released, since all was last at rest with them there, and when. */
  readonly #deletedEips = new Map<EipKey, number>();
  /** Services whose annotation may have been written by somebody else than Skycap. */
  readonly #forged = new Set<string>();
  readonly #handMarked = new Set<string>();
  /** Addresses whose claim was deleted by hand. */
  readonly #unclaimedAddresses = new Set<string>();
  /** Holders whose claim was deleted by hand, since all was last at rest, by name and by token: all of them, and those that may lose the address by it. */
  readonly #unclaimed = new Set<string>();
  readonly #lost = new Set<string>();
  readonly #violations: string[] = [];
  /** Tokens of claims that went before they were bound. */
  readonly #gaveWay = new Set<string>();
  readonly #beside = new Set<Promise<unknown>>();

  private constructor(site: Site, number: number) {
    this.site = site;
    this.#number = number;
    this.prefix = `m${number}-`;
    this.namespaces = [`${this.prefix}x`, `${this.prefix}y`];
  }

  static async open(site: Site, number: number): Promise<Run> {
    const run = new Run(site, number);
    site.history.judges.add(run);
    await Promise.all(run.namespaces.map((name) => site.client.create(NAMESPACES, { metadata: { name } })));
    await Promise.all(EIP_KEYS.map((key) => run.createEip(key)));
    return run;
  }

  eipName(key: EipKey): string {
    return `${this.prefix}${key}`;
  }

  /** What an Eip may be edited to; the first is what it is made with. */
  rangesOf(key: EipKey): readonly [string, ...string[]] {
    const net = `10.${(this.#number >> 8) & 255}.${this.#number & 255}`;
    switch (key) {
      case 'a':
        return [`${net}.0/29`, `${net}.0/28`, `${net}.4/30`, `${net}.9-${net}.1`, `${net}.0-${net}.40`];
      case 'b':
        return [`${net}.32/30`, `${net}.32/29`, `${net}.34`];
      case 'six':
        return [`2001:db8:0:${(this.#number & 65_535).toString(16)}::/126`];
    }
  }

  /** @param choice which of its ranges. */
  async createEip(key: EipKey, choice = 0): Promise<void> {
    const ranges = this.rangesOf(key);
    const spec = { address: ranges[choice % ranges.length], namespaces: [...this.namespaces] };
    await this.attempt(() => this.site.client.create(EIPS, { metadata: { name: this.eipName(key) }, spec }));
  }

  /** @param releases its addresses; else its Services keep them, and while a webhook answers it can't be deleted. */
  async deleteEip(key: EipKey, releases = false): Promise<void> {
    const ref = { name: this.eipName(key) };
    if (releases) {
      this.#deletedEips.set(key, performance.now());
      const body = { metadata: { annotations: { 'skycap.io/release-addresses': 'true' } } };
      await this.attempt(() => this.site.client.patch(EIPS, ref, body, { type: 'merge' }));
    }
    await this.attempt(() => this.site.client.delete(EIPS, ref));
  }

  /** The Service's own request is about to change, so its address may. */
  excuse(serviceKey: string): void {
    this.#asked.add(serviceKey);
  }

  /** Its annotations are about to be written by us, with this `skycap.io/claim`. */
  forging(serviceKey: string, token: string | undefined): void {
    this.#forged.add(serviceKey);
    if (token !== undefined) this.#handMarked.add(`${serviceKey} ${token}`);
  }

  /** A claim is about to be deleted by hand. */
  unclaiming({ address, holders }: EipClaim['spec'], isKept: (holder: ClaimHolder) => boolean): void {
    this.#unclaimedAddresses.add(address);
    for (const holder of holders) {
      const { namespace, name, token } = holder;
      for (const id of name === undefined ? [token] : [token, keyFor(namespace, name)]) {
        this.#unclaimed.add(id);
        if (!isKept(holder)) this.#lost.add(id);
      }
    }
  }

  /** An Eip is about to be edited. Without its claim, what a Service publishes is no reason to refuse that. */
  editing(): void {
    for (const id of this.#unclaimed) this.#lost.add(id);
  }

  isExcused(service: Service, address: string | undefined): boolean {
    const key = keyOf(service);
    if (this.#asked.has(key) || this.#lost.has(key)) return true;
    if (this.#lost.has(service.metadata.annotations?.['skycap.io/claim'] ?? '')) return true;
    return address !== undefined && [...this.#deletedEips.keys()].some((key) => this.#isOf(key, address));
  }

  gaveWay(token: string): void {
    this.#gaveWay.add(token);
  }

  hasGivenWay(token: string | undefined): boolean {
    return token !== undefined && this.#gaveWay.has(token);
  }

  /** Goes on beside the steps; what waits for rest waits for it as well. */
  beside(work: Promise<unknown>): void {
    const ended = work.catch((error) => this.violated(`a step beside the others failed: ${error}`));
    this.#beside.add(ended);
    void ended.finally(() => this.#beside.delete(ended));
  }

  isForged(serviceKey: string): boolean {
    return this.#forged.has(serviceKey);
  }

  note(text: string): void {
    this.log.push(`${(performance.now() - this.#startedMs).toFixed(0).padStart(6)} ms  ${text}`);
  }

  violated(text: string): void {
    this.note(`VIOLATED: ${text}`);
    this.#violations.push(text);
  }

  throwIfViolated(): void {
    if (this.#violations.length > 0) throw new Error(this.#violations.join('\n'));
  }

  /** A request that may be refused, and then does nothing. */
  async attempt<T>(send: () => Promise<T>): Promise<T | undefined> {
    try {
      return await send();
    } catch (error) {
      const isRefused = error instanceof KubeError && REFUSALS.includes(error.statusCode);
      if (!isRefused && !isTransient(error)) throw error;
      this.note(`  ${(error as Error).message}`);
      return undefined;
    }
  }

  async services(): Promise<readonly Service[]> {
    const pages = await Promise.all(this.namespaces.map((namespace) => this.site.client.list(SERVICES, { namespace })));
    return pages.flatMap(({ items }) => items);
  }

  async eips(): Promise<readonly EipObject[]> {
    return (await this.site.client.list(EIPS)).items.filter(({ metadata }) => metadata.name?.startsWith(this.prefix));
  }

  async claims(): Promise<readonly EipClaim[]> {
    const { items } = await this.site.client.list(EIP_CLAIMS);
    return items.filter((claim) => this.#isOurs(claim));
  }

  async look(): Promise<AtRest> {
    const [services, eips, claims] = await Promise.all([this.services(), this.eips(), this.claims()]);
    const graceMs = GRACE_SECONDS * 1000;
    return {
      services,
      eips,
      claims,
      nowMs: Date.now(),
      graceMs,
      handMarked: this.#handMarked,
      unclaimed: this.#unclaimedAddresses,
    };
  }

  /**
   * Waits until all is as it has to be when nothing happens any more. Who has what it asks for has no excuse from then on.
   *
   * @param inTheEnd with the accounts of the Eips.
   */
  async untilAtRest(inTheEnd = false): Promise<AtRest> {
    await Promise.all(this.#beside);
    const deadline = performance.now() + REST_WITHIN_MS;
    for (;;) {
      this.throwIfViolated();
      const state = await this.look();
      const problems = [...problemsAtRest(state), ...(inTheEnd ? problemsOfAccounts(state) : [])];
      if (problems.length === 0) {
        this.#forgiveNothingMore(state);
        this.note('  at rest');
        return state;
      }
      if (performance.now() > deadline) throw new Error(`Cannot come to rest:\n${problems.join('\n')}`);
      await this.#untilSeenAtRest(state);
    }
  }

  /** Waits until no claim is left but such as may belong to a creation under way. */
  async untilReleased(): Promise<void> {
    const deadline = performance.now() + REST_WITHIN_MS;
    for (;;) {
      this.throwIfViolated();
      const held = this.site.history
        .claimsOf((claim) => this.#isOurs(claim))
        .flatMap(({ spec }) =>
          spec.holders.flatMap(({ name, uid }) => (uid ? [`${spec.address} of ${name} ${uid}`] : [])),
        );
      if (held.length === 0) return;
      if (performance.now() > deadline) throw new Error(`Cannot see these released: ${held.join(', ')}`);
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** Nothing of the run stays. There is no controller manager to remove a namespace: its finalizer is taken off by hand. */
  async remove(): Promise<void> {
    const { client, history, lab } = this.site;
    await Promise.all(this.#beside);
    history.judges.delete(this);
    const gone = async <T extends KubeObject>(resource: Resource<T>, items: readonly T[]): Promise<void> => {
      const refs = items.map(({ metadata: { name = '', namespace } }) => ({ name, namespace }));
      await Promise.all(refs.map((ref) => this.attempt(() => client.delete(resource, ref))));
    };
    await gone(SERVICES, await this.services());
    await gone(EIPS, await this.eips());
    const namespaces = this.namespaces.map((name) => ({ metadata: { name } }));
    await gone(NAMESPACES, namespaces);
    for (const { metadata } of namespaces) {
      const body = { apiVersion: 'v1', kind: 'Namespace', metadata, spec: { finalizers: [] } };
      await lab.send('PUT', `/api/v1/namespaces/${metadata.name}/finalize`, body);
    }
  }

  /** As far as the watch shows, or for a moment: then all is asked for again. */
  async #untilSeenAtRest(state: AtRest): Promise<void> {
    const { history } = this.site;
    const until = performance.now() + ASK_EVERY_MS;
    do {
      await sleep(LOOK_EVERY_MS);
      const services = history.servicesIn(this.namespaces);
      const claims = history.claimsOf((claim) => this.#isOurs(claim));
      if (problemsAtRest({ ...state, services, claims, nowMs: Date.now() }).length === 0) return;
    } while (performance.now() < until);
  }

  #isOurs({ spec }: EipClaim): boolean {
    return spec.eip.startsWith(this.prefix);
  }

  #forgiveNothingMore({ services, eips }: AtRest): void {
    this.#unclaimed.clear();
    this.#lost.clear();
    for (const service of services) {
      const key = keyOf(service);
      this.#forged.delete(key);
      if (conditionOf(service)?.reason === 'Assigned' || addressesIn(service).length === 0) this.#asked.delete(key);
    }
    for (const { metadata } of eips) {
      const key = EIP_KEYS.find((one) => this.eipName(one) === metadata.name);
      // Made again at once it looks as if nothing had happened, until the allocator hears of it.
      const deletedMs = key ? this.#deletedEips.get(key) : undefined;
      if (key && deletedMs !== undefined && performance.now() - deletedMs > NEWS_WITHIN_MS)
        this.#deletedEips.delete(key);
    }
  }

  #isOf(key: EipKey, address: string): boolean {
    if (key === 'six') return address.includes(':');
    // Whatever Eip `a` was edited to: `b` has its addresses above.
    const last = Number(address.split('.')[3]);
    return !address.includes(':') && (key === 'a' || last >= 32);
  }
}

/** The API server could not be asked, or was not able to answer. */
function isTransient(error: unknown): boolean {
  if (error instanceof KubeUnreachableError) return true;
  return error instanceof KubeError && (error.statusCode === 429 || error.statusCode >= 500);
}
