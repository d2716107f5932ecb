/**
 * The entry point of the responder's thread. The thread waits for its sockets only, so the rest of the process delays no answer. The turn of the event loop
 * after each step lets the process end.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { ResponderCounts } from './responder-counts.ts';
import { ResponderThread } from './responder-thread.ts';

const port = parentPort!;
using thread = new ResponderThread({
  counts: new ResponderCounts(workerData.counts),
  tell: (message) => port.postMessage(message),
  hear: () => receiveMessageOnPort(port)?.message,
  nowMs: () => performance.now(),
});
while (!thread.isStopped) {
  thread.step();
  await turn();
}
port.close();
