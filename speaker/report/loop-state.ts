/** The last result of `loop.ts`, for readiness and the Speaker object. */
import type { ApplyOutcome } from '../bird/apply.ts';
import type { Planned } from '../desired/plan.ts';

export interface LoopState {
  readonly planned: Planned;
  /** The last plan. Differs from `planned` only while BIRD is on hold. */
  readonly plan: Extract<Planned, { kind: 'plan' }> | undefined;
  readonly outcome: ApplyOutcome | undefined;
}
