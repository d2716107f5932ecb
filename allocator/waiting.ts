/**
 * Who waits for an address, and in which order they are asked again when one comes free: the longest-waiting first.
 *
 * The order is by `skycap.io/waiting-since`, which admission writes a little before the object is stored; then by name. An annotation from long
 * before the creation is forged or copied from another Service, and moves nobody forward: then the creation counts. Who has all it must have, and would only like a second family (PreferDualStack), comes last.
 */
import { WAITING_SINCE_ANNOTATION } from '../lib/api/keys.ts';
import { keyOf } from '../lib/api/object.ts';
import type { Service } from '../lib/api/service.ts';

export interface Waiting {
  /** `namespace/name`. */
  readonly key: string;
  readonly sinceMs: number;
  /** Its wish is fulfilled without. */
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

/** The annotation as it stands, where it is one that we could have written. */
export function waitingSinceOf(service: Service): string | undefined {
  const text = service.metadata.annotations?.[WAITING_SINCE_ANNOTATION];
  return text !== undefined && Number.isFinite(Date.parse(text)) ? text : undefined;
}

/** Everybody who waits. One entry a Service. */
export class WaitingList {
  readonly #byKey = new Map<string, Waiting>();

  set(waiting: Waiting): void {
    this.#byKey.set(waiting.key, waiting);
  }

  delete(key: string): void {
    this.#byKey.delete(key);
  }

  inOrder(): Waiting[] {
    return [...this.#byKey.values()].sort(compareWaiting);
  }
}
