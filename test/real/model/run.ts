/**
 * One run of the model: two namespaces, three Eips with addresses of their own, what was asked for and so excuses a change, and a log of everything.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EipClaim } from '../../../lib/api/claim.ts';
import type { EipObject } from '../../../lib/api/eip-types.ts';
import type { KubeObject } from '../../../lib/api/object.ts';
import type { Service } from '../../../lib/api/service.ts';
import { isTransient, KubeError } from '../../../lib/kube/errors.ts';
import { EIP_CLAIMS, EIPS, NAMESPACES, type Resource, SERVICES } from '../../../lib/kube/resource.ts';
import { addressesIn, conditionOf } from './agreement.ts';
import type { Judge } from './history.ts';
import { type AtRest, problemsAtRest } from './rest.ts';
import { GRACE_SECONDS, type Site } from './site.ts';

export const EIP_KEYS = ['a', 'b', 'six'] as const;
export type EipKey = (typeof EIP_KEYS)[number];

/** The machine may be busy with other things; nothing here is a measurement. */
const REST_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 25;
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
  /** Eips that were deleted since all was last at rest with them there. */
  readonly #deletedEips = new Set<EipKey>();
  /** Services whose annotation may have been written by somebody else than Skycap. */
  readonly #forged = new Set<string>();
  readonly #violations: string[] = [];

  private constructor(site: Site, number: number) {
    this.site = site;
    this.#number = number;
    this.prefix = `m${number}-`;
    this.namespaces = [`${this.prefix}x`, `${this.prefix}y`];
  }

  static async open(site: Site, number: number): Promise<Run> {
    const run = new Run(site, number);
    for (const name of run.namespaces) await site.client.create(NAMESPACES, { metadata: { name } });
    for (const key of EIP_KEYS) await run.createEip(key);
    site.history.judge = run;
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

  async createEip(key: EipKey): Promise<void> {
    const spec = { address: this.rangesOf(key)[0], namespaces: [...this.namespaces] };
    await this.attempt(() => this.site.client.create(EIPS, { metadata: { name: this.eipName(key) }, spec }));
  }

  async deleteEip(key: EipKey): Promise<void> {
    this.#deletedEips.add(key);
    await this.attempt(() => this.site.client.delete(EIPS, { name: this.eipName(key) }));
  }

  /** The Service's own request is about to change, so its address may. */
  excuse(serviceKey: string): void {
    this.#asked.add(serviceKey);
  }

  /** Its annotations are about to be written by us. */
  forging(serviceKey: string): void {
    this.#forged.add(serviceKey);
  }

  isExcused(serviceKey: string, address: string | undefined): boolean {
    if (this.#asked.has(serviceKey)) return true;
    return address !== undefined && [...this.#deletedEips].some((key) => this.#isOf(key, address));
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
    return items.filter(({ spec }) => spec.eip.startsWith(this.prefix));
  }

  async look(): Promise<AtRest> {
    const [services, eips, claims] = [await this.services(), await this.eips(), await this.claims()];
    return { services, eips, claims, nowMs: Date.now(), graceMs: GRACE_SECONDS * 1000 };
  }

  /** Waits until all is as it has to be when nothing happens any more. Who has what it asks for has no excuse from then on. */
  async untilAtRest(): Promise<AtRest> {
    const deadline = performance.now() + REST_WITHIN_MS;
    for (;;) {
      this.throwIfViolated();
      const state = await this.look();
      const problems = problemsAtRest(state);
      if (problems.length === 0) {
        this.#forgiveNothingMore(state);
        this.note('  at rest');
        return state;
      }
      if (performance.now() > deadline) throw new Error(`Cannot come to rest:\n${problems.join('\n')}`);
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** Waits until no claim is left but such as may belong to a creation under way. */
  async untilReleased(): Promise<void> {
    const deadline = performance.now() + REST_WITHIN_MS;
    for (;;) {
      this.throwIfViolated();
      const held = (await this.claims()).flatMap(({ spec }) =>
        spec.holders.flatMap(({ name, uid }) => (uid ? [`${spec.address} of ${name} ${uid}`] : [])),
      );
      if (held.length === 0) return;
      if (performance.now() > deadline) throw new Error(`Cannot see these released: ${held.join(', ')}`);
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** Nothing of the run stays. There is no controller manager to remove a namespace: its finalizer is taken off by hand. */
  async remove(): Promise<void> {
    this.site.history.judge = undefined;
    const { client } = this.site;
    const gone = async <T extends KubeObject>(resource: Resource<T>, items: readonly T[]): Promise<void> => {
      for (const { metadata } of items) {
        const { name = '', namespace } = metadata;
        await this.attempt(() => client.delete(resource, { name, namespace }));
      }
    };
    await gone(SERVICES, await this.services());
    await gone(EIPS, await this.eips());
    for (const name of this.namespaces) {
      await gone(NAMESPACES, [{ metadata: { name } }]);
      const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: { finalizers: [] } };
      await this.site.lab.send('PUT', `/api/v1/namespaces/${name}/finalize`, body);
    }
  }

  #forgiveNothingMore({ services, eips }: AtRest): void {
    for (const service of services) {
      const key = `${service.metadata.namespace}/${service.metadata.name}`;
      this.#forged.delete(key);
      if (conditionOf(service)?.reason === 'Assigned' || addressesIn(service).length === 0) this.#asked.delete(key);
    }
    for (const { metadata } of eips) {
      const key = EIP_KEYS.find((one) => this.eipName(one) === metadata.name);
      if (key) this.#deletedEips.delete(key);
    }
  }

  #isOf(key: EipKey, address: string): boolean {
    if (key === 'six') return address.includes(':');
    // Whatever Eip `a` was edited to: `b` has its addresses above.
    const last = Number(address.split('.')[3]);
    return !address.includes(':') && (key === 'a' || last >= 32);
  }
}
