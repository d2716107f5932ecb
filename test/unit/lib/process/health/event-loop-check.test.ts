import { setTimeout } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { EventLoopCheck } from '../../../../../lib/process/health/event-loop-check.ts';

function checkAt() {
  let nowMs = 0;
  const loop = new EventLoopCheck({
    monotonicMs: () => nowMs,
    longestMs: 2_000,
    rememberMs: 30_000,
    registry: new Registry(),
  });
  loop.stop();
  return (ms: number) => {
    nowMs = ms;
    return loop.check();
  };
}

it('is fine while the loop turns', () => {
  const at = checkAt();
  expect([500, 1_000, 3_400].map((ms) => at(ms).ok)).toEqual([true, true, true]);
});

it('remembers a block for a while', () => {
  const at = checkAt();
  expect(at(5_500)).toEqual({ ok: false, message: 'the event loop was blocked for 5.0 s' });
  let last = at(6_000);
  for (let ms = 6_500; ms <= 36_000; ms += 500) last = at(ms);
  expect(last).toEqual({ ok: true });
});

it('counts how late its timer is', async () => {
  const registry = new Registry();
  const loop = new EventLoopCheck({ monotonicMs: () => performance.now(), registry });
  await setTimeout(100);
  const blockedUntil = performance.now() + 700;
  while (performance.now() < blockedUntil);
  await setTimeout(50);
  loop.stop();
  const text = await registry.metrics();
  expect(text).toMatch(/^skycap_event_loop_delay_seconds_bucket\{le="0\.1"\} 0$/m);
  expect(text).toMatch(/^skycap_event_loop_delay_seconds_count 1$/m);
});
