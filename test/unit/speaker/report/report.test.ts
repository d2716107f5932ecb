/** When the Speaker object is written: what matters at once, counts when their turn comes. */

import { makePlan } from '../../../../lib/bgp/plan.ts';
import { createMetrics } from '../../../../lib/process/metrics.ts';
import { peerSymbol } from '../../../../speaker/bird/config/model.ts';
import { BirdUnreachableError } from '../../../../speaker/bird/control.ts';
import type { Reply } from '../../../../speaker/bird/reply.ts';
import { speakerMetrics } from '../../../../speaker/metrics.ts';
import { Reporter } from '../../../../speaker/report/report.ts';
import type { SpeakerStatus } from '../../../../speaker/report/status.ts';
import { logSink } from '../../../support/log-sink.ts';
import { aSnapshot } from '../../../support/speaker-builders.ts';

const signal = new AbortController().signal;
const START_MS = Date.parse('2026-01-01T00:00:00Z');

/** A reporter of one node among `nodes`, whose chance is always one half. */
function scene(nodes: number) {
  const now = { ms: START_MS };
  const bird = { exported: 1, state: 'Established', isThere: true };
  const metrics = speakerMetrics(createMetrics('test'));
  const written: SpeakerStatus[] = [];
  let asked = 0;
  const planned = makePlan(aSnapshot());
  if (planned.kind !== 'plan') throw new Error('Cannot go on: there is no plan');
  const command = async (): Promise<Reply> => {
    if (!bird.isThere) throw new BirdUnreachableError('gone');
    return {
      code: 0,
      text: '',
      lines: [
        { code: 1002, text: `${peerSymbol('router-1')} BGP --- up 2026-01-01T00:00:00+0000  ${bird.state}` },
        { code: 1006, text: `  BGP state:          ${bird.state}` },
        { code: 1006, text: '  Channel ipv4' },
        { code: 1006, text: `    Routes:         0 imported, ${bird.exported} exported, 0 preferred` },
      ],
    };
  };
  const reporter = new Reporter({
    loopState: () => ({ planned, plan: planned, outcome: { kind: 'Unchanged' } }),
    control: { command, version: undefined },
    store: {
      synced: true,
      get status() {
        return written.at(-1);
      },
      write: async (status) => void written.push(status),
      fleetSize: async () => {
        asked++;
        return nodes;
      },
    },
    busyPort: { look: async (sessions) => sessions },
    onPortInUse: () => {},
    bfdPorts: { look: async () => undefined },
    onBfdPortInUse: () => {},
    metrics,
    silent: () => [],
    layer2: () => undefined,
    log: logSink().log,
    skycapVersion: '0.1.0',
    // The clock that may jump stands still.
    nowMs: () => 0,
    monotonicMs: () => now.ms,
    random: () => 0.5,
  });
  const sessionUp = async () => (await metrics.sessionUp.get()).values.map(({ labels, value }) => [labels.peer, value]);
  return { reporter, now, bird, written, asked: () => asked, sessionUp };
}

it('one of 500 nodes lets counts wait for 5 s, and asks once how many there are', async () => {
  const { reporter, now, bird, written, asked } = scene(500);
  await reporter.act(signal);
  expect(written).toHaveLength(1);
  bird.exported = 2;
  expect(await reporter.act(signal)).toEqual({ requeueAfterMs: 5_000 });
  now.ms += 4_000;
  bird.exported = 3;
  expect(await reporter.act(signal)).toEqual({ requeueAfterMs: 1_000 });
  expect(written).toHaveLength(1);
  now.ms += 1_000;
  await reporter.act(signal);
  expect(written.map(({ sessions }) => sessions?.[0]?.routesSent)).toEqual([1, 3]);
  expect(asked()).toBe(1);
});

it('what is more than a count takes the counts along at once', async () => {
  const { reporter, bird, written } = scene(500);
  await reporter.act(signal);
  bird.exported = 0;
  bird.state = 'Active';
  await reporter.act(signal);
  expect(written.map(({ sessions }) => sessions?.[0]?.state)).toEqual(['Established', 'Active']);
});

it('counts that changed back are not written', async () => {
  const { reporter, now, bird, written } = scene(500);
  await reporter.act(signal);
  for (const exported of [2, 1]) {
    bird.exported = exported;
    await reporter.act(signal);
  }
  now.ms += 60_000;
  await reporter.act(signal);
  expect(written).toHaveLength(1);
});

it('with three nodes they wait for less than anybody notices', async () => {
  const { reporter, bird } = scene(3);
  await reporter.act(signal);
  bird.exported = 2;
  expect(await reporter.act(signal)).toEqual({ requeueAfterMs: 30 });
});

it('of a BIRD that is gone no session counts as up', async () => {
  const { reporter, bird, sessionUp } = scene(3);
  const seen: unknown[] = [];
  for (const isThere of [true, false, true]) {
    bird.isThere = isThere;
    await reporter.act(signal);
    seen.push(await sessionUp());
  }
  expect(seen).toEqual([[['router-1', 1]], [['router-1', 0]], [['router-1', 1]]]);
});
