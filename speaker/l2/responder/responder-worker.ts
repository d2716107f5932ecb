/**
 * The responder's thread. Its only wait is for its sockets, so nothing that the rest of the process does delays an answer; the turn of the event
 * loop in between is what lets the process end.
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
