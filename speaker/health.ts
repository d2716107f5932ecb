/** Whether the speaker does its work. Not ready: something keeps routes from going out. Unhealthy: a restart would help. */
import { type Check, type Checks, failing, OK } from '../lib/process/check.ts';
import type { LoopState } from './loop.ts';
import type { Stores } from './stores.ts';

/** Bookmarks come each minute, and a dead connection is noticed well before this. */
const LONGEST_SILENCE_MS = 5 * 60_000;

export function readyChecks(stores: Stores, loopState: () => LoopState | undefined): Checks {
  return { stores: storesHeard(stores), bird: birdRuns(loopState) };
}

function storesHeard({ sources }: Stores): Check {
  return () => {
    const bad = Object.entries(sources).flatMap(([name, store]) => {
      if (!store.synced) return [`${name} not read yet${store.failure ? `: ${store.failure}` : ''}`];
      const silentMs = store.silentForMs();
      return silentMs > LONGEST_SILENCE_MS ? [`${name} silent for ${Math.round(silentMs / 1000)} s`] : [];
    });
    return bad.length === 0 ? OK : failing(bad.join('; '));
  };
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
