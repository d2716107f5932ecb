/** Reads the kernel's routes as `ip -j route` tells them. */

export interface Route {
  /** As the kernel writes it: without length for a single address. */
  readonly prefix: string;
  /** Gateways in ascending order; more than one is an equal-cost route. */
  readonly nextHops: readonly string[];
}

interface KernelRoute {
  readonly dst: string;
  readonly gateway?: string;
  readonly nexthops?: readonly { readonly gateway?: string }[];
}

/** @param json what `ip -j route` (one family) printed; nothing at all when there is no route. */
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
