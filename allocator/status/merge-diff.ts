/**
 * The JSON merge patch (RFC 7396) that turns one value into another: only what differs is sent, so that a pool's status costs the size of
 * the change, not of the pool. PURE.
 */

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** @returns undefined where nothing differs. A field that is undefined counts as absent. */
export function mergeDiff(from: unknown, to: unknown): unknown {
  const difference = diff(plain(from), plain(to));
  return difference === SAME ? undefined : difference;
}

const SAME = Symbol('inSync');

function diff(from: Json | undefined, to: Json | undefined): Json | typeof SAME {
  if (to === undefined) return from === undefined ? SAME : null;
  if (!isMap(from) || !isMap(to)) return JSON.stringify(from) === JSON.stringify(to) ? SAME : to;
  const changes: Record<string, Json> = {};
  for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const change = diff(own(from, key), own(to, key));
    if (change !== SAME) changes[key] = change;
  }
  return Object.keys(changes).length > 0 ? changes : SAME;
}

/** A node may be named `constructor`. */
function own(map: { readonly [key: string]: Json | undefined }, key: string): Json | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

/** The values come from JSON or go there. */
function plain(value: unknown): Json | undefined {
  return value as Json | undefined;
}

function isMap(value: Json | undefined): value is { readonly [key: string]: Json | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
