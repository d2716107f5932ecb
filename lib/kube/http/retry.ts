/**
 * Decides whether and when a failed request is repeated. Pure.
 *
 * The API server asks for a later repetition by 429 or 503 with Retry-After. A request with a 429 was not executed, so even a write may be repeated. After a 503 or a
 * lost connection a write may have happened, so only a read is repeated. Repetitions are few: the caller's loop (LevelLoop, Reflector) goes on for ever.
 */

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

export type Failure =
  | { readonly kind: 'refused'; readonly statusCode: number; readonly retryAfterSeconds?: number | undefined }
  /** The connection broke or could not be made. */
  | { readonly kind: 'unreachable' };

export type RetryDecision = { readonly retry: false } | { readonly retry: true; readonly delayMs: number };

const MOST_ATTEMPTS = 4;
/** The caller's loop handles longer waits. */
const LONGEST_RETRY_AFTER_SECONDS = 5;
const NO: RetryDecision = { retry: false };

/**
 * @param attempt 1 for the first try.
 * @param random in [0, 1); spreads clients that were told to repeat after the same time.
 */
export function decideRetry(verb: Verb, failure: Failure, attempt: number, random: number): RetryDecision {
  // The Reflector has its own back-off for a watch.
  if (verb === 'watch' || attempt >= MOST_ATTEMPTS) return NO;
  const isRead = verb === 'get' || verb === 'list';
  if (failure.kind === 'unreachable') {
    // Once, at once: most often an idle connection that the API server had closed meanwhile.
    return isRead && attempt === 1 ? { retry: true, delayMs: 0 } : NO;
  }
  const { statusCode, retryAfterSeconds } = failure;
  if (retryAfterSeconds === undefined || retryAfterSeconds > LONGEST_RETRY_AFTER_SECONDS) return NO;
  if (statusCode !== 429 && !(isRead && statusCode === 503)) return NO;
  return { retry: true, delayMs: Math.round(retryAfterSeconds * 1000 * (1 + random / 2)) };
}
