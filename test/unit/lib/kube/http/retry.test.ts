import { decideRetry, type Failure, type Verb } from '../../../../../lib/kube/http/retry.ts';

const UNREACHABLE: Failure = { kind: 'unreachable' };
const refused = (statusCode: number, retryAfterSeconds?: number): Failure => ({
  kind: 'refused',
  statusCode,
  retryAfterSeconds,
});

const rows: Record<string, { verb: Verb; failure: Failure; attempt?: number; delayMs: number | undefined }> = {
  'a read over a connection that broke is repeated at once': { verb: 'get', failure: UNREACHABLE, delayMs: 0 },
  'but once': { verb: 'get', failure: UNREACHABLE, attempt: 2, delayMs: undefined },
  'a write over a connection that broke may have happened': {
    verb: 'create',
    failure: UNREACHABLE,
    delayMs: undefined,
  },
  'a write that was turned away is repeated': { verb: 'create', failure: refused(429, 1), delayMs: 1_250 },
  'a write after 503 may have happened': { verb: 'patch', failure: refused(503, 1), delayMs: undefined },
  'a read after 503 is repeated': { verb: 'list', failure: refused(503, 1), delayMs: 1_250 },
  'without Retry-After nobody asked for a repetition': { verb: 'list', failure: refused(503), delayMs: undefined },
  'a long wait is for the loop of the caller': { verb: 'list', failure: refused(429, 60), delayMs: undefined },
  'a 500 is an answer': { verb: 'get', failure: refused(500, 1), delayMs: undefined },
  'four tries are enough': { verb: 'get', failure: refused(429, 1), attempt: 4, delayMs: undefined },
  'a watch has a back-off of its own': { verb: 'watch', failure: refused(429, 1), delayMs: undefined },
};

it.each(Object.entries(rows))('%s', (_, { verb, failure, attempt = 1, delayMs }) => {
  expect(decideRetry(verb, failure, attempt, 0.5)).toEqual(
    delayMs === undefined ? { retry: false } : { retry: true, delayMs },
  );
});
