/** What layer 2 says of itself while its thread has nothing to say, and what the speaker says when it ends. */
import { createMetrics } from '../../../../lib/process/metrics.ts';
import { Layer2 } from '../../../../speaker/l2/layer2.ts';
import type { Layer2Options } from '../../../../speaker/l2/layer2-options.ts';
import { speakerMetrics } from '../../../../speaker/metrics.ts';
import { readyChecks } from '../../../../speaker/report/health.ts';
import { until } from '../../../support/eventually.ts';
import { LAYER2_EIP } from '../../../support/layer2-builders.ts';
import { logSink } from '../../../support/log-sink.ts';
import { aSnapshot } from '../../../support/speaker-builders.ts';

const snapshot = aSnapshot({ eips: [LAYER2_EIP] });
/** An API server that never answers. */
const silence = () => new Promise<never>(() => {});
const client: Layer2Options['client'] = {
  get: silence,
  list: silence,
  watch: silence,
  create: silence,
  replace: silence,
  patch: silence,
  delete: silence,
};

function options(over: Partial<Layer2Options> = {}): Layer2Options {
  const clock = { ms: 0, monotonicMs: () => clock.ms, nowMs: () => clock.ms };
  const registry = createMetrics('test');
  return {
    nodeName: 'node-1',
    namespace: 'skycap-system',
    podName: 'pod-1',
    client,
    snapshot: () => snapshot,
    eips: () => snapshot.eips,
    needsOthers: () => false,
    onOthers: () => {},
    node: () => undefined,
    store: { synced: true, status: undefined, patchStatus: silence },
    responder: { links: [], start: () => {}, linkTowards: () => undefined, answerFor: silence, probe: silence },
    peers: { lost: new Set(), seenByWatchers: 'unknown', watch: () => {} },
    onState: () => {},
    metrics: speakerMetrics(registry),
    registry,
    clock,
    log: logSink().log,
    ...over,
  };
}

it('without a word of the links it is not ready, until there is one', async () => {
  const clock = { ms: 0, monotonicMs: () => clock.ms, nowMs: () => clock.ms };
  let begins = 0;
  let reports = 0;
  const plain = options();
  const responder = { ...plain.responder, start: () => void begins++ };
  const layer2 = new Layer2({ ...plain, responder, onState: () => void reports++, clock });
  const check = readyChecks(
    () => ({}),
    () => undefined,
    () => layer2.state,
  )['layer 2']!;
  const stop = new AbortController();
  void layer2.run(stop.signal);
  try {
    layer2.trigger();
    await until('layer 2 begins', () => begins > 0);
    clock.ms += 4_999;
    expect([layer2.state, check()]).toEqual([undefined, { ok: true }]);
    clock.ms += 1;
    expect(layer2.state).toEqual({ isMute: true, unable: [], conflicts: [] });
    expect(check()).toMatchObject({ ok: false });
    const before = reports;
    layer2.trigger();
    await until('it is reported', () => reports > before);
    layer2.onLinks();
    expect([layer2.state, check()]).toEqual([undefined, { ok: true }]);
  } finally {
    stop.abort();
  }
});

it('where there is no layer 2, the speaker says that it ends all the same, and takes it back when it is started again', async () => {
  let status: Layer2Options['store']['status'];
  const store = {
    synced: true,
    get status() {
      return status;
    },
    patchStatus: async (part: object) => {
      status = { ...status, ...part };
    },
  };
  const { eips } = aSnapshot({ eips: [] });
  const run = () => {
    const layer2 = new Layer2(options({ store, eips: () => eips }));
    const stop = new AbortController();
    void layer2.run(stop.signal);
    layer2.trigger();
    return { layer2, stop };
  };
  const first = run();
  await until('it has said what it has', () => first.layer2.isWatchKnown);
  await first.layer2.leave();
  first.stop.abort();
  expect(status?.stopping).toBe(true);
  const second = run();
  await until('it says so no more', () => !status?.stopping);
  second.stop.abort();
});
