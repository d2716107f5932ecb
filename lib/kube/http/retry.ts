/**
 * Whether a request that failed is tried again, and when. Pure.
 *
 * The API server asks for patience by 429 or 503 with Retry-After. A 429 was turned away before it was looked at, so even a write may be
 * repeated; after a 503 or a lost connection a write may have happened, so only a read is repeated. Repeats are few: the caller's own loop
 * (LevelLoop, Reflector) is the one that goes on for ever.
 */

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

export type Failure =
  | { readonly kind: 'refused'; readonly statusCode: number; readonly retryAfterSeconds?: number | undefined }
  /** The connection broke or could not be made. */
  | { readonly kind: 'unreachable' };

export type RetryDecision = { readonly retry: false } | { readonly retry: true; readonly delayMs: number };

const MOST_ATTEMPTS = 4;
/** Longer waits are left to the caller's own loop. */
const LONGEST_RETRY_AFTER_SECONDS = 5;
const NO: RetryDecision = { retry: false };

/**
 * @param attempt 1 for the first try.
 * @param random in [0, 1); spreads what many clients were told to repeat after the same second.
 */
export function decideRetry(verb: Verb, failure: Failure, attempt: number, random: number): RetryDecision {
  // A watch is the Reflector's, which has a back-off of its own.
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
