/** The readiness of the speaker. Not ready: the node can't announce routes, or can't answer for addresses of layer 2. */
import { cacheCheck, type Followed } from '../../lib/kube/cache/cache-check.ts';
import { type Check, type Checks, failing, OK } from '../../lib/process/health/check.ts';
import type { Layer2State } from '../l2/layer2.ts';
import type { LoopState } from './loop-state.ts';

/** @param caches by name; a function, since those of layer 2 come and go. */
export function readyChecks(
  caches: () => Readonly<Record<string, Followed>>,
  loopState: () => LoopState | undefined,
  layer2: () => Layer2State | undefined,
): Checks {
  return { caches: () => cacheCheck(caches())(), bird: birdRuns(loopState), 'layer 2': responderSpeaks(layer2) };
}

function responderSpeaks(layer2: () => Layer2State | undefined): Check {
  return () => (layer2()?.isMute ? failing('PacketSocketDenied: no packet sockets, the log says why') : OK);
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
