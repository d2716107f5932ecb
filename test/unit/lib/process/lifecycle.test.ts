import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type OnStop, runUntilSignal } from '../../../../lib/process/lifecycle.ts';
import { until } from '../../../support/eventually.ts';
import { logSink } from '../../../support/log-sink.ts';

/** Stands where `process` does. */
class TestProcess extends EventEmitter {
  readonly exits: number[] = [];
  exit(code: number): void {
    this.exits.push(code);
  }
}

function run(main: (signal: AbortSignal, onStop: OnStop) => Promise<void>, stopWithinMs = 1_000) {
  const process = new TestProcess();
  const { log, lines } = logSink();
  const running = runUntilSignal({ process, log, stopWithinMs }, main);
  return { process, lines, running, messages: () => lines.map((line) => line.msg) };
}

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

it('stops on SIGTERM in the reverse order of the start, and exits with 0', async () => {
  const order: string[] = [];
  const { process, running, messages } = run(async (signal, onStop) => {
    onStop('client', async () => {
      await sleep(5);
      order.push('client');
    });
    onStop('server', () => void order.push('server'));
    await untilAborted(signal);
    order.push('main');
  });
  process.emit('SIGTERM');
  await running;
  expect(order).toEqual(['main', 'server', 'client']);
  expect(process.exits).toEqual([0]);
  expect(messages()).toEqual(['process stopping', 'process stopped']);
});

it('takes the reason of the signal for no failure', async () => {
  const { process, running } = run(async (signal) => {
    await untilAborted(signal);
    signal.throwIfAborted();
  });
  process.emit('SIGINT');
  await running;
  expect(process.exits).toEqual([0]);
});

it.each<[string, () => Promise<void>]>([
  ['fails', async () => Promise.reject(new Error('no'))],
  ['returns before it was told to', async () => {}],
])('exits with 1 when main %s, and stops the parts all the same', async (_, main) => {
  let stopped = false;
  const { process, running } = run(async (_signal, onStop) => {
    onStop('part', () => {
      stopped = true;
    });
    await main();
  });
  await running;
  expect([process.exits, stopped]).toEqual([[1], true]);
});

it('goes on stopping after a part that cannot, and exits with 1', async () => {
  let stopped = false;
  const { process, running, lines } = run(async (signal, onStop) => {
    onStop('first', () => {
      stopped = true;
    });
    onStop('second', () => Promise.reject(new Error('stuck')));
    await untilAborted(signal);
  });
  process.emit('SIGTERM');
  await running;
  expect([process.exits, stopped]).toEqual([[1], true]);
  expect(lines).toContainEqual(expect.objectContaining({ msg: 'part did not stop cleanly', step: 'second' }));
});

it('does not wait for ever', async () => {
  const { process, lines } = run(() => new Promise(() => {}), 20);
  process.emit('SIGTERM');
  await until('it exits', () => process.exits.length > 0);
  expect(process.exits).toEqual([1]);
  expect(lines.at(-1)).toMatchObject({ msg: 'process did not stop in time', waitingFor: 'main' });
});

it('exits at once on a second signal', async () => {
  const { process } = run(() => new Promise(() => {}));
  process.emit('SIGTERM');
  process.emit('SIGINT');
  expect(process.exits).toEqual([1]);
});

it('exits with 1 on a rejection that nobody handled', () => {
  const { process, lines } = run(() => new Promise(() => {}));
  process.emit('unhandledRejection', new Error('lost'));
  expect(process.exits).toEqual([1]);
  expect(lines).toMatchObject([{ level: 'fatal', event: 'unhandledRejection', err: { message: 'lost' } }]);
});
