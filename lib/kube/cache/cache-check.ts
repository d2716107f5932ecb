/** Whether caches follow the API server: each has its first list, and of none nothing has been heard for too long. */
import { type Check, failing, OK } from '../../process/health/check.ts';

/** What is asked of a {@link Reflector}. */
export interface Followed {
  readonly synced: boolean;
  /** Why the last list or watch failed; undefined while all is well. */
  readonly failure: string | undefined;
  silentForMs(): number;
}

/**
 * A watch that says nothing is given up after three and a half minutes, and a list shows whether it missed anything: a cache that is followed is heard of within
 * that time. An outage that is shorter than the rest costs no component its readiness: it acts on what it knows, which is as much as anybody knows.
 */
const LONGEST_SILENCE_MS = 360_000;

/** @returns the names of those that have gone silent; what was never read is not among them. */
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
