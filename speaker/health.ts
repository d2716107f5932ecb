/** Whether the speaker does its work. Not ready: something keeps routes from going out. */
import { cacheCheck } from '../lib/kube/cache-check.ts';
import { type Check, type Checks, failing, OK } from '../lib/process/check.ts';
import type { LoopState } from './loop.ts';
import type { Stores } from './stores.ts';

export function readyChecks(stores: Stores, loopState: () => LoopState | undefined): Checks {
  return { caches: cacheCheck(stores.sources), bird: birdRuns(loopState) };
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
