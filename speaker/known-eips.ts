/**
 * The Eips that a node decides by: those that are there, and beside them those that are gone, or lost addresses by an edit, while a Service publishes an address that only
 * they had. What is published goes on being announced as it was (decisions/0018); whether it stays published is for the allocator to say. In memory: a speaker that
 * is started anew does not know them.
 */
import { type EipsByName, formerKey } from '../lib/announce/voucher.ts';
import type { Eip } from '../lib/api/eip.ts';
import type { EipObject } from '../lib/api/eip-types.ts';
import { keyOf } from '../lib/api/object.ts';
import { parseEip } from '../lib/api/parse-eip.ts';
import type { Parsed } from '../lib/api/problem.ts';
import { publishedAddresses } from '../lib/api/published-addresses.ts';
import type { Service } from '../lib/api/service.ts';
import { FormerEips } from '../lib/ipam/former-eips.ts';
import type { Address } from '../lib/net/address.ts';
import { rangeContains } from '../lib/net/range.ts';

export class KnownEips {
  readonly #former = new FormerEips();
  #objects: readonly EipObject[] = [];
  #current: ReadonlyMap<string, Parsed<Eip>> = new Map();
  #eips: EipsByName = new Map();

  /** @returns the very same map as before where nothing in it is another. */
  take(objects: readonly EipObject[], services: Iterable<Service>): EipsByName {
    const published = (): readonly Address[] => this.#orphans(services);
    const isSame = objects.length === this.#objects.length && objects.every((object, i) => object === this.#objects[i]);
    if (isSame && !this.#former.prune(published)) return this.#eips;
    if (!isSame) this.#replace(objects, published);
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
    this.#current = new Map(objects.map((object) => [keyOf(object), parseEip(object)]));
    for (const [name, old] of before) this.#former.changed(old, this.#current.get(name), published);
  }

  /** What is published of no Eip that is there. */
  #orphans(services: Iterable<Service>): Address[] {
    const ranges = [...this.#current.values()].flatMap((eip) => (eip.ok ? [eip.value.range] : []));
    return [...services]
      .flatMap(publishedAddresses)
      .filter((address) => !ranges.some((range) => rangeContains(range, address)));
  }
}
