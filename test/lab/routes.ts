/** Reads the kernel's routes as `ip -j route` tells them, and their changes as `ip monitor route` does, which knows no JSON. */

export interface Route {
  /** In the kernel's form: without length for a single address. */
  readonly prefix: string;
  /** Gateways in ascending order; more than one is an equal-cost route. */
  readonly nextHops: readonly string[];
}

/** The route after the change, or the former route if it was deleted. */
export interface RouteEvent extends Route {
  readonly deleted: boolean;
}

interface KernelRoute {
  readonly dst: string;
  readonly gateway?: string;
  readonly nexthops?: readonly { readonly gateway?: string }[];
}

/** @param json the output of `ip -j route` (one family); empty if there is no route. */
export function parseRoutes(json: string): Route[] {
  const routes: readonly KernelRoute[] = json.trim() === '' ? [] : JSON.parse(json);
  const merged = new Map<string, Route>();
  for (const route of routes) {
    // The kernel lists an IPv6 equal-cost route as one, or as one line a next hop, depending on how it was installed.
    const before = merged.get(route.dst)?.nextHops ?? [];
    const gateways = [route.gateway, ...(route.nexthops ?? []).map((hop) => hop.gateway)].filter(
      (g) => g !== undefined,
    );
    merged.set(route.dst, { prefix: route.dst, nextHops: [...new Set([...before, ...gateways])].sort(compareText) });
  }
  return [...merged.values()];
}

/**
 * @param line `198.51.100.7 nhid 12 via 10.98.0.11 dev eth0 …`, or `Deleted 198.51.100.7 …`.
 * @returns undefined for a line that goes on with the event before it: `<tab>nexthop via 10.98.0.11 dev eth0 weight 1`.
 */
export function parseRouteEvent(line: string): RouteEvent | undefined {
  const [, deleted, prefix] = /^(Deleted )?(\S+)/.exec(line) ?? [];
  return prefix === undefined ? undefined : { prefix, deleted: deleted !== undefined, nextHops: nextHopsIn(line) };
}

/** The gateway in the line, if any. */
export function nextHopsIn(line: string): string[] {
  return [...line.matchAll(/\bvia (?:inet6 )?(\S+)/g)].map((match) => match[1]!);
}

/** The kernel leaves out the length of a route to a single address, people write it. */
export function samePrefix(a: string, b: string): boolean {
  return withoutFullLength(a) === withoutFullLength(b);
}

function withoutFullLength(prefix: string): string {
  return prefix.replace(prefix.includes(':') ? /\/128$/ : /\/32$/, '');
}

/** By number within the text, so that 10.98.0.9 stands before 10.98.0.11. */
function compareText(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
