/**
 * Layer 2: for how long a client behind the router, which connects every 20 ms, gets no answer when the node that has the address loses its power, and
 * when its speaker ends in order.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { podOn } from '../../e2e/support/components.ts';
import {
  allQuiet,
  connectSteadily,
  cutPower,
  HOSTNAME,
  holderOf,
  longestGapMs,
  NOT_N1,
} from '../../e2e/support/layer2.ts';
import { Scene } from '../../e2e/support/scene.ts';
import { readExamples } from '../../lab/demo.ts';
import { SKYCAP_NAMESPACE } from '../../lab/install.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Bench } from '../bench.ts';
import { type Figure, formatMs } from '../figures.ts';
import { distributionOf } from '../statistics.ts';

const TIMES = 20;
const QUICK_TIMES = 2;
const GOALS = { cutMs: 1_000, orderlyMs: 100 };

export async function measureTakeover(bench: Bench): Promise<Figure[]> {
  const layer2 = { protocol: 'layer2', nodeSelector: NOT_N1 };
  const scene = await Scene.open('takeover', { v4: '10.98.0.192/28' }, layer2, bench.lab.name);
  try {
    const { lab } = scene;
    await scene.deployBackends(await readExamples(lab), 1, 'backend', { [HOSTNAME]: 'n1' });
    await scene.createService('web');
    const [address = ''] = await scene.published('web');
    const times = bench.quick ? QUICK_TIMES : TIMES;
    const cuts: number[] = [];
    for (let i = 0; i < times; i++) cuts.push((await cutPower(lab, address)).gapMs);
    const orderly: number[] = [];
    for (let i = 0; i < times; i++) orderly.push(await gapOfRestart(lab, address));
    return [
      figureOf('power of the owner’s node cut → the client is answered again', cuts, GOALS.cutMs),
      figureOf('the owner’s speaker restarted', orderly, GOALS.orderlyMs),
    ];
  } finally {
    await scene.close();
  }
}

function figureOf(what: string, gapsMs: readonly number[], goalMs: number): Figure {
  const { p50, p95, max, count } = distributionOf(gapsMs);
  return {
    what,
    measured: `p50 ${formatMs(p50)}, p95 ${formatMs(p95)}, at most ${formatMs(max)} (n=${count})`,
    goal: `p95 ≤ ${formatMs(goalMs)}`,
    isMet: p95 <= goalMs,
  };
}

async function gapOfRestart(lab: Lab, address: string): Promise<number> {
  await allQuiet(lab);
  const former = await holderOf(lab, address);
  const { name } = await podOn(lab, 'speaker', former);
  await using stream = connectSteadily(lab, [address]);
  await sleep(1_000);
  await lab.kubectl(['-n', SKYCAP_NAMESPACE, 'delete', 'pod', name, '--wait=false']);
  await holderOf(lab, address, [former]);
  await sleep(2_000);
  return longestGapMs(await stream.end());
}
