/** Leader election by a real Lease: one at a time, whoever dies, is paused, or is cut off. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { runWhileLeader } from '../../../lib/kube/election/leader.ts';
import { LEASES } from '../../../lib/kube/election/lease.ts';
import { HttpKubeClient } from '../../../lib/kube/http/http-client.ts';
import { ADMIN, ControlPlane } from '../../support/control-plane.ts';
import { until } from '../../support/eventually.ts';
import { logSink } from '../../support/log-sink.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';

const NAMESPACE = 'default';
/** A third of the defaults. */
const TIMING = { leaseMs: 3_000, renewDeadlineMs: 2_000, renewMs: 700 };

let plane: ControlPlane;
let open: AsyncDisposableStack;
let elections = 0;

beforeAll(async () => {
  plane = await ControlPlane.start();
}, 60_000);
afterAll(() => plane?.[Symbol.asyncDispose]());
beforeEach(() => {
  open = new AsyncDisposableStack();
  elections++;
});
afterEach(() => open.disposeAsync());

/** A candidate that notes when it leads. */
function candidate(identity: string, journal: string[], server = plane.url) {
  const access = { server, token: plane.user(ADMIN).token, tls: { ca: plane.caPem } };
  const client = HttpKubeClient.fromToken(access, {
    component: 'test',
    connectTimeoutMs: 1_000,
    pingTimeoutMs: 500,
    lateAfterMs: 500,
  });
  const stop = new AbortController();
  const { log } = logSink();
  const state = { leading: false };
  const running = runWhileLeader(
    { client, name: `election-${elections}`, namespace: NAMESPACE, identity, log, timing: TIMING },
    stop.signal,
    async (signal, leadership) => {
      journal.push(`${identity} starts`);
      state.leading = leadership.isLeading();
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      state.leading = false;
      journal.push(`${identity} stops`);
    },
  );
  const end = async (): Promise<void> => {
    stop.abort(new Error('the test ends'));
    await running;
    await client.close();
  };
  open.defer(end);
  return { state, end, running, client };
}

it('lets one lead, and the next at once when that one stops in order', async () => {
  const journal: string[] = [];
  const a = candidate('a', journal);
  await until('a leads', () => a.state.leading);
  const b = candidate('b', journal);
  const c = candidate('c', journal);
  await new Promise((resolve) => setTimeout(resolve, TIMING.leaseMs + 500));
  expect(journal).toEqual(['a starts']);
  const stoppedMs = performance.now();
  await a.end();
  await until('one of the others leads', () => b.state.leading || c.state.leading, { withinMs: 2_000 });
  expect(performance.now() - stoppedMs).toBeLessThan(1_000);
  expect(b.state.leading && c.state.leading).toBe(false);
  const lease = await plane.client().get(LEASES, { name: `election-${elections}`, namespace: NAMESPACE });
  expect(lease.spec).toMatchObject({ holderIdentity: b.state.leading ? 'b' : 'c', leaseDurationSeconds: 3 });
});

it('frees its Lease although a renewal was cut short that is stored all the same', async () => {
  const journal: string[] = [];
  const a = candidate('a', journal);
  await until('a leads', () => a.state.leading);
  const b = candidate('b', journal);
  const replace = a.client.replace.bind(a.client);
  let isStored = false;
  a.client.replace = async (resource, object, options) => {
    a.client.replace = replace;
    await replace(resource, object, options);
    isStored = true;
    return new Promise((_, reject) => options?.signal?.addEventListener('abort', () => reject(options.signal?.reason)));
  };
  await until('a renewal is stored, and its answer on the way', () => isStored);
  const stoppedMs = performance.now();
  await a.end();
  await until('b leads', () => b.state.leading, { withinMs: TIMING.leaseMs * 2 });
  expect(performance.now() - stoppedMs).toBeLessThan(TIMING.leaseMs / 2);
});

it('stops the work of a leader that is cut off before another one starts', async () => {
  const journal: string[] = [];
  const proxy = open.use(await TcpProxy.start(plane.port));
  const a = candidate('a', journal, proxy.url);
  await until('a leads', () => a.state.leading);
  const b = candidate('b', journal);
  proxy.freeze();
  await until('b leads', () => b.state.leading);
  expect(journal).toEqual(['a starts', 'a stops', 'b starts']);
  proxy.thaw();
  await b.end();
  await until('a leads again', () => a.state.leading);
});

it('goes on leading when the API server was away for less than the deadline', async () => {
  const journal: string[] = [];
  const proxy = open.use(await TcpProxy.start(plane.port));
  const a = candidate('a', journal, proxy.url);
  await until('a leads', () => a.state.leading);
  for (let i = 0; i < 2; i++) {
    await proxy.refuse();
    proxy.reset();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await proxy.accept();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  expect(journal).toEqual(['a starts']);
});

it('leads again by itself after a long outage, when nobody else wanted to', async () => {
  const journal: string[] = [];
  const proxy = open.use(await TcpProxy.start(plane.port));
  const a = candidate('a', journal, proxy.url);
  await until('a leads', () => a.state.leading);
  await proxy.refuse();
  proxy.reset();
  await until('a stops', () => !a.state.leading);
  await proxy.accept();
  await until('a leads again', () => a.state.leading, { withinMs: 2_000 });
});

it('follows a leader that is killed after its Lease has run out, and knows on the spot that a paused one leads no more', async () => {
  const kubeconfig = await plane.kubeconfigFile();
  const child = fork(new URL('./paused-leader.ts', import.meta.url).pathname, [kubeconfig, `election-${elections}`], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    env: { PATH: process.env.PATH ?? '' },
  });
  open.defer(() => void child.kill('SIGKILL'));
  const [first] = (await once(child, 'message')) as [string];
  expect(first).toBe('leads');
  const journal: string[] = [];
  const b = candidate('b', journal);
  const pausedMs = performance.now();
  child.kill('SIGSTOP');
  await until('b leads', () => b.state.leading);
  expect(performance.now() - pausedMs).toBeLessThan(TIMING.leaseMs + 1_500);
  const answer = once(child, 'message') as Promise<[string]>;
  child.send('do you lead?');
  child.kill('SIGCONT');
  expect((await answer)[0]).toBe('no');
  expect(b.state.leading).toBe(true);
});
