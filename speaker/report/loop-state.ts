/** The last result of `loop.ts`, for readiness and the Speaker object. */

import type { Planned } from '../../lib/bgp/plan.ts';
import type { ApplyOutcome } from '../bird/apply.ts';

export interface LoopState {
  readonly planned: Planned;
  /** The last plan. Differs from `planned` only while BIRD is on hold. */
  readonly plan: Extract<Planned, { kind: 'plan' }> | undefined;
  readonly outcome: ApplyOutcome | undefined;
}
