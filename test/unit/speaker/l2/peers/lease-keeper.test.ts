/** This node's Lease: made, renewed at even times, and what is told of it. */
import { KubeError } from '../../../../../lib/kube/errors.ts';
import { systemClock } from '../../../../../lib/process/clock.ts';
import { LeaseKeeper } from '../../../../../speaker/l2/peers/lease-keeper.ts';
import type { Renewal } from '../../../../../speaker/l2/peers/liveness.ts';
import { until } from '../../../../support/eventually.ts';
import { logSink } from '../../../../support/log-sink.ts';

const missing = () => new KubeError('patch leases', { statusCode: 404, reason: 'NotFound', statusMessage: 'gone' });

function scene(patch: () => Promise<unknown>, beforeRenewal: () => Promise<void> = async () => {}) {
  const created: unknown[] = [];
  const patched: unknown[] = [];
  const renewals: Renewal[] = [];
  let renewMs = 20;
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
  });
  const running = keeper.run(stop.signal);
  const end = async () => {
    stop.abort();
    await running;
  };
  const everyMs = (ms: number) => {
    renewMs = ms;
  };
  return { created, patched, renewals, told, everyMs, end };
}

it('is made where there is none, and belongs to its Node', async () => {
  const { created, told, end } = scene(async () => {
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
  await end();
});

it('is renewed again and again', async () => {
  const { created, told, end } = scene(async () => ({}));
  await until('what is waited for', () => told.length >= 3);
  expect([created, new Set(told)]).toEqual([[], new Set(['renewed'])]);
  await end();
});

it('says each time for how long it stands, and so does whoever renews it', async () => {
  const { patched, renewals, told, everyMs, end } = scene(async () => ({}));
  await until('what is waited for', () => told.length >= 2);
  everyMs(50);
  await until('what is waited for', () => renewals.at(-1)?.leaseMs === 5_000);
  expect(renewals[0]?.leaseMs).toBe(2_000);
  expect(patched[0]).toMatchObject({ spec: { leaseDurationSeconds: 2 } });
  expect(patched[renewals.length - 1]).toMatchObject({ spec: { leaseDurationSeconds: 5 } });
  await end();
});

it('says when that fails, and goes on trying', async () => {
  let failures = 1;
  const { told, end } = scene(async () => {
    if (failures-- > 0) throw new Error('away');
    return {};
  });
  await until('what is waited for', () => told.length >= 2);
  expect(told.slice(0, 2)).toEqual(['failed', 'renewed']);
  await end();
});

it('is not renewed while others cannot be told what they have to know before', async () => {
  let canTell = false;
  let patches = 0;
  const tell = async () => {
    if (!canTell) throw new Error('no way to the API server');
  };
  const { told, end } = scene(async () => {
    patches++;
  }, tell);
  await until('what is waited for', () => told.length > 0);
  expect([patches, new Set(told)]).toEqual([0, new Set(['failed'])]);
  canTell = true;
  await until('what is waited for', () => told.includes('renewed'));
  expect(patches).toBeGreaterThan(0);
  await end();
});
