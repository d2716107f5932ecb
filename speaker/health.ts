/** Whether the speaker does its work. Not ready: something keeps routes from going out. */
import { cacheCheck, type Followed } from '../lib/kube/cache-check.ts';
import { type Check, type Checks, failing, OK } from '../lib/process/check.ts';
import type { LoopState } from './loop.ts';

/** @param caches by name: those of layer 2 come and go. */
export function readyChecks(
  caches: () => Readonly<Record<string, Followed>>,
  loopState: () => LoopState | undefined,
): Checks {
  return { caches: () => cacheCheck(caches())(), bird: birdRuns(loopState) };
}

function birdRuns(loopState: () => LoopState | undefined): Check {
  return () => {
    const state = loopState();
    if (!state) return failing('nothing planned yet');
    if (state.planned.kind === 'hold') return failing(`on hold: ${state.planned.message}`);
    return state.outcome && 'message' in state.outcome
      ? failing(`${state.outcome.kind}: ${state.outcome.message}`)
      : OK;
  };
}
