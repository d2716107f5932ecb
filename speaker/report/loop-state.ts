/** What `loop.ts` did last; readiness and the Speaker object are made from it. */
import type { ApplyOutcome } from '../bird/apply.ts';
import type { Planned } from '../desired/plan.ts';

export interface LoopState {
  readonly planned: Planned;
  /** The last plan there was: the same, unless BIRD is on hold. */
  readonly plan: Extract<Planned, { kind: 'plan' }> | undefined;
  readonly outcome: ApplyOutcome | undefined;
}
