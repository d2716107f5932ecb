/**
 * The Services that wait for an address, the longest-waiting first.
 *
 * The order is by `skycap.io/waiting-since`, which admission writes a little before the object is stored, then by name. An annotation from long before the creation is
 * forged or copied from another Service: then the time of the creation counts. A Service that only lacks an optional second family (PreferDualStack) comes last.
 */
import { WAITING_SINCE_ANNOTATION } from '../../api/keys.ts';
import { keyOf } from '../../api/meta/object.ts';
import type { Service } from '../../api/service/service.ts';

export interface Waiting {
  /** `namespace/name`. */
  readonly key: string;
  readonly sinceMs: number;
  /** The request of the Service is fulfilled already. */
  readonly isOptional: boolean;
}

export function compareWaiting(a: Waiting, b: Waiting): number {
  if (a.isOptional !== b.isOptional) return a.isOptional ? 1 : -1;
  return a.sinceMs - b.sinceMs || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
}

/** The API server gives a request no longer than this from admission to storage (kubernetes: `apiserver/pkg/endpoints/handlers`). */
const LONGEST_REQUEST_MS = 34_000;

/** @param sinceText `skycap.io/waiting-since` as it stands or is about to stand on the Service. */
export function waitingOf(service: Service, sinceText: string | undefined, isOptional: boolean): Waiting {
  const created = Date.parse(service.metadata.creationTimestamp ?? '') || 0;
  const since = sinceText === undefined ? 0 : Date.parse(sinceText) || 0;
  return { key: keyOf(service), sinceMs: since < created - LONGEST_REQUEST_MS ? created : since, isOptional };
}

/** The annotation, if Skycap could have written it. */
export function waitingSinceOf(service: Service): string | undefined {
  const text = service.metadata.annotations?.[WAITING_SINCE_ANNOTATION];
  return text !== undefined && Number.isFinite(Date.parse(text)) ? text : undefined;
}

/** One entry for each waiting Service, with the Eips that it waits for. */
export class WaitingList {
  readonly #byKey = new Map<string, { readonly waiting: Waiting; readonly eips: ReadonlySet<string> }>();
  readonly #countByEip = new Map<string, number>();
  readonly #onCount: (eipName: string) => void;

  /** @param onCount called when the number of Services that wait for an Eip has changed. */
  constructor(onCount: (eipName: string) => void = () => {}) {
    this.#onCount = onCount;
  }

  /** @param eipNames the Eips whose addresses the Service would take. */
  set(waiting: Waiting, eipNames: readonly string[] = []): void {
    const before = this.#byKey.get(waiting.key)?.eips ?? NONE;
    const eips: ReadonlySet<string> = new Set(eipNames);
    this.#byKey.set(waiting.key, { waiting, eips });
    this.#recount(before, eips);
  }

  delete(key: string): void {
    const before = this.#byKey.get(key)?.eips ?? NONE;
    this.#byKey.delete(key);
    this.#recount(before, NONE);
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  keys(): IterableIterator<string> {
    return this.#byKey.keys();
  }

  inOrder(): Waiting[] {
    return [...this.#byKey.values()].map(({ waiting }) => waiting).sort(compareWaiting);
  }

  countFor(eipName: string): number {
    return this.#countByEip.get(eipName) ?? 0;
  }

  #recount(before: ReadonlySet<string>, after: ReadonlySet<string>): void {
    for (const eip of before) if (!after.has(eip)) this.#add(eip, -1);
    for (const eip of after) if (!before.has(eip)) this.#add(eip, 1);
  }

  #add(eipName: string, more: number): void {
    const count = this.countFor(eipName) + more;
    if (count === 0) this.#countByEip.delete(eipName);
    else this.#countByEip.set(eipName, count);
    this.#onCount(eipName);
  }
}

const NONE: ReadonlySet<string> = new Set();
