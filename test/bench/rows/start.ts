/**
 * A speaker that starts among many Services, BIRD included: from the start of its process to its last route in the router's kernel. A real API server, the
 * speaker and BIRD on one machine, FRR as the router on another; nothing else runs.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { BirdSite } from '../../real/bird/support/bird-site.ts';
import { Frr } from '../../real/bird/support/frr.ts';
import { Lan } from '../../real/bird/support/lan.ts';
import { ControlPlane } from '../../support/control-plane.ts';
import { aBgpPeer } from '../../support/speaker-builders.ts';
import { SPEAKER_USER, startSpeaker } from '../../support/speaker-daemon.ts';
import { prepareSpeakerPlane, publish } from '../../support/speaker-objects.ts';
import { type Figure, formatMb, formatMs } from '../figures.ts';
import { inParallel } from '../in-parallel.ts';
import type { BenchOptions } from '../options.ts';
import { residentBytes } from '../processes.ts';
import { untilQuiet } from '../quiet.ts';
import { RoutePresence } from '../route-presence.ts';

const ROOT = join(import.meta.dirname, '../../..');
/** As in the Dockerfile. */
const NODE_OPTIONS = '--max-semi-space-size=1 --v8-pool-size=1';
const NODE_NAME = 'node-1';
const COUNT = 10_000;
const QUICK_COUNT = 200;
const PARALLEL = 16;
const RUNS = 3;
const GOAL_MS = 5_000;
const DEADLINE_MS = 180_000;
const QUIET_MS = 20_000;

export async function measureStart({ quick }: BenchOptions, note: (text: string) => void): Promise<Figure[]> {
  const addresses = Array.from({ length: quick ? QUICK_COUNT : COUNT }, (_, i) => `198.18.${i >> 8}.${i & 255}`);
  // What the image has: the sources would be stripped of their types at every start.
  execFileSync(process.execPath, ['build.mjs'], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  await using plane = await ControlPlane.start({ users: [SPEAKER_USER] });
  note(`${addresses.length} Services`);
  await fill(plane, addresses);
  const starts: Start[] = [];
  for (let run = 1; run <= (quick ? 1 : RUNS); run++) {
    note(`start ${run}`);
    starts.push(await startOnce(plane, addresses));
  }
  const worstMs = Math.max(...starts.map(({ lastRouteMs }) => lastRouteMs));
  const times = starts.map(({ lastRouteMs }) => formatMs(lastRouteMs)).join(', ');
  const most = (of: (start: Start) => number) => formatMb(Math.max(...starts.map(of)));
  return [
    {
      what: `speaker start with ${addresses.length} Services: last route at the router, FRR`,
      measured: `${times}; then ${most(({ speakerBytes }) => speakerBytes)} resident`,
      goal: `≤ ${formatMs(GOAL_MS)}`,
      isMet: worstMs <= GOAL_MS,
    },
  ];
}

async function fill(plane: ControlPlane, addresses: readonly string[]): Promise<void> {
  const peers = [{ ...aBgpPeer(), metadata: { name: 'router-1' } }];
  await prepareSpeakerPlane({ plane, nodeName: NODE_NAME, range: '198.18.0.0/16', peers });
  const client = plane.client();
  await inParallel(PARALLEL, addresses, (address, i) => publish(client, `s-${i}`, [address]));
}

interface Start {
  readonly lastRouteMs: number;
  readonly speakerBytes: number;
}

/** A wire, a BIRD that knows nothing yet and a router of its own each time: so that every route comes anew. */
async function startOnce(plane: ControlPlane, addresses: readonly string[]): Promise<Start> {
  await using lan = Lan.make();
  const site = new BirdSite(lan);
  await Frr.start(lan, { neighbors: ['v4'] });
  await using routes = new RoutePresence(lan.router, (prefix) => prefix.startsWith('198.18.'));
  await untilQuiet(QUIET_MS);
  const startedMs = performance.now();
  site.startContainer();
  const { daemon: speaker } = await startSpeaker({
    plane,
    nodeName: NODE_NAME,
    runDir: site.runDir,
    folder: lan.dir,
    program: 'dist/speaker.js',
    nodeOptions: NODE_OPTIONS,
  });
  try {
    const lastRouteMs = (await routes.allAppeared(addresses, DEADLINE_MS)) - startedMs;
    await untilQuiet(QUIET_MS);
    return { lastRouteMs, speakerBytes: await residentBytes(speaker.pid) };
  } finally {
    site.control.close();
    await speaker.kill();
  }
}
