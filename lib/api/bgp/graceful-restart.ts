/** Reads `gracefulRestart` of a BgpConf or a BgpPeer (RFC 4724, RFC 9494). */
import { mapAt } from '../meta/shapes.ts';
import type { Problem } from '../problem.ts';
import type { GracefulRestartOptions } from './bgp.ts';
import { asksForSomething, optionalNumber } from './bgp-fields.ts';
import type { GracefulRestart } from './bgp-types.ts';

/** Long enough to pull an image and start a pod, and short enough for a router that keeps the routes of a node that was shut down. */
export const GRACEFUL_RESTART: GracefulRestartOptions = { helperOnly: false, restartSeconds: 60 };
/** The restart time has 12 bits (RFC 4724 §3). */
const MOST_RESTART_SECONDS = 4_095;
/** The stale time has 24 bits (RFC 9494 §3.1). */
const MOST_STALE_SECONDS = 16_777_215;
const STALE_SECONDS = 3_600;

/** @returns undefined if the object asks for nothing. `enabled: false` asks for nothing, since OpenELB does not store it. */
export function gracefulRestartOf(
  raw: GracefulRestart | undefined,
  field: string,
  problems: Problem[],
): GracefulRestartOptions | undefined {
  const spec = mapAt(raw, field, problems);
  const seconds = (name: 'restartTime' | 'staleRoutesTime', most: number, example: number): number | undefined => {
    const rule = { field: `${field}.${name}`, least: 1, most, remedy: `write seconds, such as ${example}` };
    return optionalNumber(spec[name], rule, problems);
  };
  const restartSeconds = seconds('restartTime', MOST_RESTART_SECONDS, GRACEFUL_RESTART.restartSeconds);
  const staleSeconds = seconds('staleRoutesTime', MOST_STALE_SECONDS, STALE_SECONDS);
  if (!asksForSomething(spec)) return undefined;
  return {
    helperOnly: spec.helperOnly === true,
    restartSeconds: restartSeconds ?? GRACEFUL_RESTART.restartSeconds,
    ...(spec.longlivedEnabled === true && { longLivedStaleSeconds: staleSeconds ?? STALE_SECONDS }),
  };
}
