/** Checks that caches follow the API server: each has its first list, and a sign of life within the limit. */
import { type Check, failing, OK } from '../../process/health/check.ts';

/** The part of a {@link Reflector} that this checks. */
export interface Followed {
  readonly synced: boolean;
  /** The failure of the last list or watch; undefined if there is none. */
  readonly failure: string | undefined;
  silentForMs(): number;
}

/**
 * A silent watch is given up after three and a half minutes, and a list shows whether it missed anything, so a followed cache has a sign of life within that time. A
 * shorter outage of the API server costs no component its readiness: the component acts on its cache, and no other component knows more.
 */
const LONGEST_SILENCE_MS = 360_000;

/** @returns the names of the caches without a recent sign of life, except caches that were never filled. */
export function silentCaches(caches: Readonly<Record<string, Followed>>): string[] {
  return Object.entries(caches).flatMap(([name, cache]) => (cache.synced && isSilent(cache) ? [name] : []));
}

export function cacheCheck(caches: Readonly<Record<string, Followed>>): Check {
  return () => {
    const bad = Object.entries(caches).flatMap(([name, cache]) => {
      const why = cache.failure ? `: ${cache.failure}` : '';
      if (!cache.synced) return [`${name} not read yet${why}`];
      return isSilent(cache) ? [`nothing heard of ${name} for ${Math.round(cache.silentForMs() / 1000)} s${why}`] : [];
    });
    return bad.length === 0 ? OK : failing(bad.join('; '));
  };
}

function isSilent(cache: Followed): boolean {
  return cache.silentForMs() > LONGEST_SILENCE_MS;
}
