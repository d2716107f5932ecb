/** The result of a handler: the answer, and its outcome for the metric. */
import type { AdmissionAnswer } from './review.ts';

/** A label of the metric. */
export type ReviewOutcome =
  | 'untouched'
  | 'restored'
  | 'released'
  | 'assigned'
  | 'pending'
  | 'denied'
  | 'allowed'
  /** Admitted without an address, since a call to the API server failed or the cluster state is not synced. */
  | 'deferred'
  | 'malformed'
  | 'failed';

export interface Reviewed {
  readonly answer: AdmissionAnswer;
  readonly outcome: ReviewOutcome;
}
