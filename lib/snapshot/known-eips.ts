/**
 * The Eips that a node decides by: those that are there, and beside them those that are gone, or lost addresses by an edit, while a Service publishes an address that only
 * they had. What is published goes on being announced as it was (decisions/0018); whether it stays published is for the allocator to say. The Speaker object has
 * them, too, for when this speaker is started anew.
 */
import { type EipsByName, formerKey } from '../announce/eip-of-address.ts';
import type { Eip } from '../api/eip/eip.ts';
import type { EipObject } from '../api/eip/eip-types.ts';
import { parseEip } from '../api/eip/parse-eip.ts';
import { keyOf } from '../api/meta/object.ts';
import type { Parsed } from '../api/problem.ts';
import { publishedAddresses } from '../api/service/published-addresses.ts';
import { FormerEips } from '../ipam/pools/former-eips.ts';
import type { Address } from '../net/address.ts';
import { rangeContains } from '../net/range.ts';
import { PerService } from './per-service.ts';
import type { Services } from './services.ts';

/** Of so many, and so long ones, the Speaker object tells. */
const MOST_TOLD = 32;
const LONGEST_TEXT = 4096;

export class KnownEips {
  readonly #former = new FormerEips();
  readonly #texts = new WeakMap<Eip, string>();
  readonly #told: () => readonly string[];
  /** Followed only while there are former Eips. */
  #perService = new PerService<readonly Address[]>();
  /** By the key of the Service. */
  readonly #orphans = new Map<string, readonly Address[]>();
  #isFirst = true;
  #objects: readonly EipObject[] = [];
  #current: ReadonlyMap<string, Parsed<Eip>> = new Map();
  #eips: EipsByName = new Map();

  /** @param told what {@link formerTexts} was before this speaker was started; asked for once, when Eips and Services are known. */
  constructor(told: () => readonly string[] = () => []) {
    this.#told = told;
  }

  /** Those that are gone, as text to remember them by. */
  get formerTexts(): readonly string[] {
    return this.#former.all.flatMap((eip) => this.#texts.get(eip) ?? []).slice(0, MOST_TOLD);
  }

  /** To be called for every change of a Service. */
  changed(serviceKey: string): void {
    this.#perService.changed(serviceKey);
  }

  /** @returns the very same map as before if nothing in it changed. */
  take(objects: readonly EipObject[], services: Services): EipsByName {
    if (this.#former.all.length === 0) this.#forgetOrphans();
    const published = (): readonly Address[] => this.#orphansAmong(services);
    const isSame = objects.length === this.#objects.length && objects.every((object, i) => object === this.#objects[i]);
    if (isSame && !this.#isFirst && !this.#former.prune(published)) return this.#eips;
    if (!isSame) this.#replace(objects, published);
    if (this.#isFirst) this.#remember(published);
    this.#eips = new Map([...this.#current, ...this.#formerByKey()]);
    return this.#eips;
  }

  /** Interfaces and what a node is unable to do are told by the name of the Eip, so no two have the same. */
  #formerByKey(): [string, Parsed<Eip>][] {
    const names = new Set(this.#current.keys());
    return this.#former.all.map((eip, i) => {
      const key = formerKey(eip.name, i);
      const name = names.has(eip.name) ? key : eip.name;
      names.add(name);
      return [key, { ok: true, value: { ...eip, name } }];
    });
  }

  #replace(objects: readonly EipObject[], published: () => readonly Address[]): void {
    const before = this.#current;
    this.#objects = objects;
    this.#current = new Map(objects.map((object) => [keyOf(object), this.#parsed(object)]));
    for (const [name, old] of before) this.#former.changed(old, this.#current.get(name), published);
  }

  #remember(published: () => readonly Address[]): void {
    this.#isFirst = false;
    for (const object of this.#told().toReversed().flatMap(formerEipIn)) {
      this.#former.changed(this.#parsed(object), this.#current.get(keyOf(object)), published);
    }
  }

  #parsed(object: EipObject): Parsed<Eip> {
    const parsed = parseEip(object);
    const text = textOf(object);
    if (parsed.ok && text.length <= LONGEST_TEXT) this.#texts.set(parsed.value, text);
    return parsed;
  }

  /** The published addresses that no present Eip has. */
  #orphansAmong(services: Services): Address[] {
    const ranges = [...this.#current.values()].flatMap((eip) => (eip.ok ? [eip.value.range] : []));
    const isOrphan = (address: Address): boolean => !ranges.some((range) => rangeContains(range, address));
    this.#perService.update({
      services,
      basis: [services, this.#current],
      make: (_, service) => {
        const orphans = publishedAddresses(service).filter(isOrphan);
        return orphans.length > 0 ? orphans : undefined;
      },
      onReplaced: (key, _, now) => {
        if (now) this.#orphans.set(key, now);
        else this.#orphans.delete(key);
      },
    });
    return [...this.#orphans.values()].flat();
  }

  #forgetOrphans(): void {
    this.#perService = new PerService();
    this.#orphans.clear();
  }
}

function textOf({ metadata: { name, labels }, spec }: EipObject): string {
  return JSON.stringify({ metadata: { name, labels }, spec });
}

/** The Eip in a text of a Speaker's `status.formerEips`. Somebody may have written into the object. */
export function formerEipIn(text: string): EipObject[] {
  try {
    const { metadata, spec } = JSON.parse(text);
    return typeof metadata?.name === 'string' ? [{ metadata, spec } as EipObject] : [];
  } catch {
    return [];
  }
}
