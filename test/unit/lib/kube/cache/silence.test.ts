import { setTimeout as sleep } from 'node:timers/promises';
import { Silence } from '../../../../../lib/kube/cache/silence.ts';

const ASK_AFTER_MS = 40;

/** A watch that is asked about after 40 ms. */
function silence(limitMs: number, ask: () => Promise<unknown> = async () => {}) {
  const asked: AbortSignal[] = [];
  const parent = new AbortController();
  const options = {
    ask: (signal: AbortSignal) => {
      asked.push(signal);
      return ask();
    },
    askAfterMs: ASK_AFTER_MS,
    limitMs,
    parent: parent.signal,
  };
  return { asked, parent, silence: new Silence(options) };
}

it('asks once after a while, also where nobody answers, and gives up at the limit', async () => {
  const { asked, silence: watched } = silence(120, () => Promise.reject(new Error('no answer')));
  using _ = watched;
  const started = performance.now();
  await new Promise((resolve) => watched.signal.addEventListener('abort', resolve, { once: true }));
  expect(asked).toHaveLength(1);
  expect(performance.now() - started).toBeGreaterThan(100);
});

it('neither asks nor gives up while the watch tells something', async () => {
  const { asked, silence: watched } = silence(60);
  using _ = watched;
  for (let i = 0; i < 20; i++) {
    watched.broken();
    await sleep(5);
  }
  expect([asked, watched.signal.aborted]).toEqual([[], false]);
});

it('ends with the watch', async () => {
  const { asked, parent, silence: watched } = silence(60);
  parent.abort(new Error('the end'));
  expect(watched.signal.reason).toEqual(new Error('the end'));
  watched[Symbol.dispose]();
  await sleep(ASK_AFTER_MS + 20);
  expect(asked).toEqual([]);
});
