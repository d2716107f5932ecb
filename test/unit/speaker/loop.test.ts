/** The loop: what is brought to BIRD, when nothing is, and what it remembers and logs. */

import { makePlan } from '../../../lib/bgp/plan.ts';
import { createLogger } from '../../../lib/process/log.ts';
import { createMetrics } from '../../../lib/process/metrics.ts';
import type { Snapshot } from '../../../lib/snapshot/snapshot.ts';
import type { ApplyOutcome, RunningBird } from '../../../speaker/bird/apply.ts';
import type { RenderedConfig } from '../../../speaker/bird/config/render.ts';
import { parseBirdVersion } from '../../../speaker/bird/config/version.ts';
import { type BirdPort, SpeakerLoop } from '../../../speaker/loop.ts';
import { speakerMetrics } from '../../../speaker/metrics.ts';
import { aBgpConf, aBgpPeer, anEip, aService, aSnapshot } from '../../support/speaker-builders.ts';

const version = parseBirdVersion('BIRD 2.17.5')!;
const signal = new AbortController().signal;

/** A loop over the given snapshots, one a run, and a BIRD that answers with the given outcomes. */
function scene(snapshots: readonly (Snapshot | undefined)[], outcomes: readonly ApplyOutcome[] = []) {
  const applied: RenderedConfig[] = [];
  const lines: Record<string, unknown>[] = [];
  let runs = 0;
  let acted = 0;
  const bird: BirdPort = {
    running: async (): Promise<RunningBird> => ({ version }),
    binaryVersion: async () => version,
    apply: async (config) => {
      applied.push(config);
      return outcomes[applied.length - 1] ?? { kind: 'Applied', durationMs: 1 };
    },
  };
  const loop = new SpeakerLoop({
    plan: () => {
      const snapshot = snapshots[runs++];
      return snapshot && makePlan(snapshot);
    },
    bird,
    metrics: speakerMetrics(createMetrics('test')),
    log: createLogger({
      component: 'test',
      destination: { write: (line: string) => void lines.push(JSON.parse(line)) },
    }),
    onActed: () => acted++,
    nowMs: () => 0,
  });
  return { loop, applied, lines, messages: () => lines.map(({ msg }) => msg), acted: () => acted };
}

it('does nothing before the stores are synced', async () => {
  const { loop, applied, acted } = scene([undefined]);
  await loop.act(signal);
  expect([applied.length, acted(), loop.state]).toEqual([0, 0, undefined]);
});

it('brings the configuration of the snapshot to BIRD', async () => {
  const { loop, applied } = scene([aSnapshot({ services: [aService()] })]);
  await loop.act(signal);
  expect(applied[0]?.text).toContain('route 198.51.100.7/32 blackhole;');
  expect(loop.state?.outcome).toEqual({ kind: 'Applied', durationMs: 1 });
});

it('leaves BIRD alone while the BgpConf is broken, and says so once', async () => {
  const broken = aSnapshot({ bgpConfs: [aBgpConf({ as: -1 })] });
  const { loop, applied, lines } = scene([aSnapshot(), broken, broken]);
  for (let i = 0; i < 3; i++) await loop.act(signal);
  expect(applied).toHaveLength(1);
  expect(loop.state?.plan?.plan.bgp.sessions).toHaveLength(1);
  expect(lines.filter(({ msg }) => msg === 'configuration on hold')).toEqual([
    expect.objectContaining({ level: 'error', reason: 'Invalid' }),
  ]);
});

it('comes back by itself where BIRD does not answer or the file is not written, and only then', async () => {
  const { loop } = scene(
    [aSnapshot(), aSnapshot(), aSnapshot()],
    [
      { kind: 'NotWritten', message: 'z' },
      { kind: 'BirdUnreachable', message: 'x' },
      { kind: 'BirdRefused', message: 'y' },
    ],
  );
  for (let i = 0; i < 2; i++) expect(await loop.act(signal)).toEqual({ requeueAfterMs: 2_000 });
  expect(await loop.act(signal)).toBeUndefined();
});

describe('the log', () => {
  it('has one line a change', async () => {
    const withTwo = aSnapshot({ services: [aService(), aService({ name: 'b', ips: ['198.51.100.8'] })] });
    const withOne = aSnapshot({ services: [aService()], eips: [anEip('v4')] });
    const { loop, lines } = scene(
      [withTwo, withTwo, withOne],
      [{ kind: 'Applied', durationMs: 1 }, { kind: 'Unchanged' }],
    );
    await loop.act(signal);
    const first = lines.length;
    expect(lines.filter(({ msg }) => msg === 'address announced')).toHaveLength(2);
    await loop.act(signal);
    expect(lines).toHaveLength(first);
    await loop.act(signal);
    expect(lines.slice(first)).toContainEqual(
      expect.objectContaining({
        msg: 'address not announced',
        address: '198.51.100.8',
        reason: 'NotPublished',
        services: ['default/b'],
      }),
    );
  });

  it('counts where many change at once', async () => {
    const services = Array.from({ length: 30 }, (_, i) => aService({ name: `s${i}`, ips: [`198.51.100.${i}`] }));
    const { loop, lines } = scene([aSnapshot({ services })]);
    await loop.act(signal);
    expect(lines).toContainEqual(
      expect.objectContaining({ msg: 'announcements changed', announced: 30, withdrawn: 0 }),
    );
  });

  it('holds no password', async () => {
    const peers = [
      aBgpPeer('a', { conf: { authPassword: 'hush-hush' } }),
      aBgpPeer('b', { conf: { authPassword: 'hush-hush"' } }),
    ];
    const { loop, lines, messages } = scene(
      [aSnapshot({ bgpPeers: peers })],
      [{ kind: 'BirdRefused', message: 'bird.conf:9:1 syntax error' }],
    );
    await loop.act(signal);
    expect(messages()).toEqual(expect.arrayContaining(['configuration refused', 'no session with peer']));
    expect(JSON.stringify(lines)).not.toContain('hush');
  });
});
