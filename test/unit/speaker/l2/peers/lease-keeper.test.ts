/** This node's Lease: made, renewed at even times, and what is told of it. */
import { KubeError } from '../../../../../lib/kube/errors.ts';
import { systemClock } from '../../../../../lib/process/clock.ts';
import { LeaseKeeper } from '../../../../../speaker/l2/peers/lease-keeper.ts';
import type { Renewal } from '../../../../../speaker/l2/peers/liveness.ts';
import { until } from '../../../../support/eventually.ts';
import { logSink } from '../../../../support/log-sink.ts';

const missing = () => new KubeError('patch leases', { statusCode: 404, reason: 'NotFound', statusMessage: 'gone' });

/** Ends what a failed test has left. */
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

interface Conditions {
  readonly beforeRenewal?: () => Promise<void>;
  readonly random?: () => number;
  readonly renewMs?: number;
}

function scene(
  patch: () => Promise<unknown>,
  { beforeRenewal = async () => {}, random = () => 1, ...conditions }: Conditions = {},
) {
  const created: unknown[] = [];
  const patched: unknown[] = [];
  const renewals: Renewal[] = [];
  let { renewMs = 20 } = conditions;
  const told: string[] = [];
  const stop = new AbortController();
  const keeper = new LeaseKeeper({
    client: {
      patch: async (_, __, body) => {
        patched.push(body);
        return (await patch()) as never;
      },
      create: async (_, object) => {
        created.push(object);
        return object;
      },
      delete: async () => {},
    },
    namespace: 'skycap-system',
    nodeName: 'node-1',
    nodeUid: () => 'uid-1',
    timing: () => ({ renewMs, leaseMs: renewMs * 100 }),
    beforeRenewal,
    onRenewed: (renewal) => {
      told.push('renewed');
      renewals.push(renewal);
    },
    onFailed: () => told.push('failed'),
    clock: systemClock,
    log: logSink().log,
    random,
  });
  const running = keeper.run(stop.signal);
  ends.push(async () => {
    stop.abort();
    await running;
  });
  const everyMs = (ms: number) => {
    renewMs = ms;
  };
  return { created, patched, renewals, told, everyMs };
}

it('is made where there is none, and belongs to its Node', async () => {
  const { created, told } = scene(async () => {
    throw missing();
  });
  await until('what is waited for', () => told.length > 0);
  expect(created[0]).toMatchObject({
    metadata: {
      name: 'skycap-speaker-node-1',
      namespace: 'skycap-system',
      labels: { 'skycap.io/layer2': '' },
      ownerReferences: [{ kind: 'Node', name: 'node-1', uid: 'uid-1' }],
    },
    spec: { holderIdentity: 'node-1', leaseDurationSeconds: 2 },
  });
});

it('is renewed again and again', async () => {
  const { created, told } = scene(async () => ({}));
  await until('what is waited for', () => told.length >= 3);
  expect([created, new Set(told)]).toEqual([[], new Set(['renewed'])]);
});

it('says each time for how long it stands, and so does whoever renews it', async () => {
  const { patched, renewals, told, everyMs } = scene(async () => ({}));
  await until('what is waited for', () => told.length >= 2);
  everyMs(50);
  await until('what is waited for', () => renewals.at(-1)?.leaseMs === 5_000);
  expect(renewals[0]?.leaseMs).toBe(2_000);
  expect(patched[0]).toMatchObject({ spec: { leaseDurationSeconds: 2 } });
  expect(patched[renewals.length - 1]).toMatchObject({ spec: { leaseDurationSeconds: 5 } });
});

it('nodes that begin together do not renew together: the second time comes when chance will have it', async () => {
  const { told } = scene(async () => ({}), { random: () => 0.001, renewMs: 60_000 });
  await until('what is waited for', () => told.length >= 2);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(told).toEqual(['renewed', 'renewed']);
});

it('says when that fails, and goes on trying', async () => {
  let failures = 1;
  const { told } = scene(async () => {
    if (failures-- > 0) throw new Error('away');
    return {};
  });
  await until('what is waited for', () => told.length >= 2);
  expect(told.slice(0, 2)).toEqual(['failed', 'renewed']);
});

it('is not renewed while others cannot be told what they have to know before', async () => {
  let canTell = false;
  let patches = 0;
  const tell = async () => {
    if (!canTell) throw new Error('no way to the API server');
  };
  const { told } = scene(
    async () => {
      patches++;
    },
    { beforeRenewal: tell },
  );
  await until('what is waited for', () => told.length > 0);
  expect([patches, new Set(told)]).toEqual([0, new Set(['failed'])]);
  canTell = true;
  await until('what is waited for', () => told.includes('renewed'));
  expect(patches).toBeGreaterThan(0);
});
