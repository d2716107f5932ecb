/**
 * Sets apart the requests that were under way when a route moved. A router that spreads connections by a hash may then send the rest of a connection to another
 * node, which knows nothing of the connection and resets it. No load balancer beside the router can prevent that. PURE.
 */
import type { ClientFailure } from '../../lab/client-stream.ts';
import type { SeenRouteEvent } from '../../lab/route-watch.ts';
import { samePrefix } from '../../lab/routes.ts';

/** Between the kernel's news and the clocks of two processes on a busy machine. */
const SLACK_MS = 200;

/** @returns the failures that no change of the address's route explains: connections that were refused, or lost at another time. */
export function unexplained(
  failures: readonly ClientFailure[],
  events: readonly SeenRouteEvent[],
): readonly ClientFailure[] {
  return failures.filter(({ url, atMs, connected, milliseconds }) => {
    const address = new URL(url).hostname.replace(/^\[|\]$/g, '');
    const startedMs = atMs - performance.timeOrigin;
    const wasMoved = events.some(
      (event) =>
        samePrefix(event.prefix, address) &&
        event.atMs > startedMs - SLACK_MS &&
        event.atMs < startedMs + milliseconds + SLACK_MS,
    );
    return !connected || !wasMoved;
  });
}
