/** A leader in a process of its own, which leader.test.ts stops by SIGSTOP. Says `leads`, and answers every message with whether it does. */

import { type Leadership, runWhileLeader } from '../../../lib/kube/election/leader.ts';
import { HttpKubeClient } from '../../../lib/kube/http/http-client.ts';
import { createLogger } from '../../../lib/process/log.ts';

const [path = '', name = ''] = process.argv.slice(2);
const client = HttpKubeClient.fromKubeconfig({ path }, { component: 'test' });
const timing = { leaseMs: 3_000, renewDeadlineMs: 2_000, renewMs: 700 };
let held: Leadership | undefined;

process.on('message', () => process.send?.(held?.isLeading() ? 'yes' : 'no'));
process.once('disconnect', () => process.exit());

await runWhileLeader(
  {
    client,
    name,
    namespace: 'default',
    identity: 'a',
    log: createLogger({ component: 'test', level: 'silent' }),
    timing,
  },
  new AbortController().signal,
  async (signal, leadership) => {
    held = leadership;
    process.send?.('leads');
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  },
);
