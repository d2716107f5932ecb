/** Who lives, as time goes by and the API server comes and goes. The clock is the test's; what is to happen by itself is waited for. */
import type { Lease } from '../../../../../lib/kube/election/lease.ts';
import { livenessTiming } from '../../../../../speaker/l2/peers/liveness.ts';
import { LivenessWatch } from '../../../../../speaker/l2/peers/liveness-watch.ts';
import { until } from '../../../../support/eventually.ts';
import { logSink } from '../../../../support/log-sink.ts';

const { leaseMs } = livenessTiming(2);

/** Ends what a failed test has left. */
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** `node-1` watches, and reaches the API server; the Lease of `node-2` was seen just now. */
function scene() {
  const clock = { ms: 1_000 };
  const lease = leaseOf('node-2', 1);
  const watch = new LivenessWatch({
    self: 'node-1',
    clock: { monotonicMs: () => clock.ms, nowMs: () => clock.ms },
    peers: { lost: new Set(), seenByWatchers: 'unknown' },
    suspects: () => new Map(),
    readLeases: async () => [lease],
    onChange: () => {},
    log: logSink().log,
  });
  const renew = () => watch.renewed({ sentAtMs: clock.ms, leaseMs });
  renew();
  watch.saw('node-2', lease);
  const stop = new AbortController();
  const running = watch.run(stop.signal);
  ends.push(async () => {
    stop.abort();
    await running;
  });
  const lives = () => watch.verdict.live.has('node-2');
  return { clock, watch, renew, lives };
}

function leaseOf(node: string, seconds: number): Lease {
  const renewTime = new Date(seconds * 1_000).toISOString();
  return {
    metadata: { name: `skycap-speaker-${node}` },
    spec: { holderIdentity: node, leaseDurationSeconds: 6, renewTime },
  };
}

it('a node that is dead stays so when this one can renew nothing, until its own Lease changes', async () => {
  const { clock, watch, renew, lives } = scene();
  clock.ms += leaseMs;
  renew();
  watch.look();
  await until('it is found dead', () => !lives());
  for (const ms of [0, leaseMs, 60_000]) {
    clock.ms += ms;
    watch.failed();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(lives()).toBe(false);
  }
  watch.saw('node-2', leaseOf('node-2', 2));
  await until('it lives again', lives);
});

it('after the API server was away for longer than a Lease, one that runs out is noticed though nothing else happens', async () => {
  const { clock, watch, lives } = scene();
  clock.ms += leaseMs + 1;
  watch.failed();
  await until('this node is overdue', () => watch.verdict.isOverdue);
  // Sent so long ago that the time which all others get to renew is over soon: the watch has to wait for that by itself.
  watch.renewed({ sentAtMs: clock.ms - leaseMs + 50, leaseMs });
  await until('it is overdue no more', () => !watch.verdict.isOverdue);
  expect(lives()).toBe(true);
  clock.ms += 50;
  await until('the other node is found dead', () => !lives(), { withinMs: 2_000 });
});

it('a renewal that only took long ends what its lateness made of this node', async () => {
  const { clock, watch, renew } = scene();
  clock.ms += leaseMs;
  watch.look();
  await until('this node is overdue', () => watch.verdict.isOverdue);
  renew();
  await until('it is overdue no more', () => !watch.verdict.isOverdue);
});
