/** What a handler hands back: the answer, and the word for it in the metric. */
import type { AdmissionAnswer } from './review.ts';

/** What became of a review; a label of the metric. */
export type ReviewOutcome =
  | 'untouched'
  | 'restored'
  | 'released'
  | 'assigned'
  | 'pending'
  | 'denied'
  | 'allowed'
  /** Admitted without an address, because the API server could not be asked or nothing is known yet. */
  | 'deferred'
  | 'malformed'
  | 'failed';

export interface Reviewed {
  readonly answer: AdmissionAnswer;
  readonly outcome: ReviewOutcome;
}
