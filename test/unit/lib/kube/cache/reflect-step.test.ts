import fc from 'fast-check';
import {
  nextStep,
  type Progress,
  START,
  STEADY_MS,
  type StepResult,
} from '../../../../../lib/kube/cache/reflect-step.ts';

const WATCH = { kind: 'watch', resourceVersion: '7' } as const;
const FAILING: Progress = { step: WATCH, delayMs: 1, failures: 3, failingSinceMs: 50 };

const rows: Record<string, { before?: Progress; outcome: StepResult; nowMs?: number; expected: Partial<Progress> }> = {
  'a complete list is followed by a watch from it, at once': {
    outcome: { kind: 'listed', resourceVersion: '5' },
    expected: { step: { kind: 'watch', resourceVersion: '5' }, delayMs: 0, failures: 0 },
  },
  'a complete list is no proof that the watch will stand': {
    before: FAILING,
    outcome: { kind: 'listed', resourceVersion: '5' },
    expected: { delayMs: 0, failures: 3, failingSinceMs: 50 },
  },
  'a watch that ended in its time goes on where it was, at once': {
    before: FAILING,
    outcome: { kind: 'ended', resourceVersion: '9', livedMs: STEADY_MS },
    expected: { step: { kind: 'watch', resourceVersion: '9' }, delayMs: 0, failures: 0, failingSinceMs: undefined },
  },
  'a watch that closes at once is a failure': {
    outcome: { kind: 'ended', resourceVersion: '9', livedMs: 10 },
    nowMs: 70,
    expected: { step: { kind: 'watch', resourceVersion: '9' }, delayMs: 150, failures: 1, failingSinceMs: 70 },
  },
  'a resourceVersion that is too old means a new list': {
    outcome: { kind: 'startOver', livedMs: 60_000 },
    expected: { step: { kind: 'list' }, delayMs: 150, failures: 1 },
  },
  'what broke off is taken up where it was': {
    before: FAILING,
    outcome: { kind: 'failed', step: WATCH, livedMs: 0 },
    nowMs: 60,
    expected: { step: WATCH, delayMs: 750, failures: 4, failingSinceMs: 50 },
  },
  'what stood for long starts a new row of failures': {
    before: FAILING,
    outcome: { kind: 'failed', step: WATCH, livedMs: 60_000 },
    nowMs: 60_000,
    expected: { failures: 1, delayMs: 150, failingSinceMs: 60_000 },
  },
  'the patience that the API server asks for is given': {
    outcome: { kind: 'failed', step: WATCH, livedMs: 0, retryAfterSeconds: 4 },
    expected: { delayMs: 5_000 },
  },
  'but not more than half a minute and its jitter': {
    outcome: { kind: 'failed', step: WATCH, livedMs: 0, retryAfterSeconds: 86_400 },
    expected: { delayMs: 37_500 },
  },
  'in a long outage the waits grow': {
    before: { ...FAILING, failures: 30, failingSinceMs: 0 },
    outcome: { kind: 'failed', step: WATCH, livedMs: 0 },
    nowMs: 120_001,
    expected: { delayMs: 7_500 },
  },
};

it.each(Object.entries(rows))('%s', (_, { before = START, outcome, nowMs = 60, expected }) => {
  expect(nextStep(before, outcome, nowMs, 0.5)).toMatchObject(expected);
});

const LIVED = fc.integer({ min: 0, max: STEADY_MS - 1 });
const OUTCOME: fc.Arbitrary<StepResult> = fc.oneof(
  fc.constant<StepResult>({ kind: 'listed', resourceVersion: '1' }),
  LIVED.map<StepResult>((livedMs) => ({ kind: 'ended', resourceVersion: '1', livedMs })),
  LIVED.map<StepResult>((livedMs) => ({ kind: 'startOver', livedMs })),
  LIVED.map<StepResult>((livedMs) => ({ kind: 'failed', step: WATCH, livedMs })),
);

it('never spins and never gives up, whatever happens while nothing stands', () => {
  fc.assert(
    fc.property(
      fc.array(OUTCOME, { maxLength: 60 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (outcomes, random) => {
        let progress = START;
        let nowMs = 0;
        let steps = 0;
        for (const outcome of outcomes) {
          // A list follows a list only after the first has failed.
          if (outcome.kind === 'listed' && progress.step.kind !== 'list') continue;
          progress = nextStep(progress, outcome, nowMs, random);
          nowMs += progress.delayMs;
          steps++;
          expect(progress.delayMs).toBeLessThanOrEqual(10_000);
          if (outcome.kind !== 'listed') expect(progress.delayMs).toBeGreaterThanOrEqual(100);
        }
        // At most a list and a watch for each wait of half a second, once the first few are over.
        expect(steps).toBeLessThanOrEqual(2 * (4 + nowMs / 500));
      },
    ),
  );
});
