/** Lets the cluster change for a time, and looks now and then, at rest, at what each component uses. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Churn } from './churn.ts';
import { COMPONENTS, type Component, type Components, NODE_NAME } from './components.ts';
import { growthIn, type Usage, usageText } from './growth.ts';

export interface GrowthOptions {
  /** Of changing; the looks, some seconds each, come on top. */
  readonly durationMs: number;
  readonly signal?: AbortSignal;
  /** How it stands, after each look. */
  readonly tell?: (text: string) => void;
}

export interface Growth {
  readonly changes: number;
  /** For each component what it used, early and late. */
  readonly texts: Readonly<Record<Component, string>>;
  /** `webhook: the heap grew by …`; empty where all is flat. */
  readonly problems: readonly string[];
}

/** The code is compiled, the caches with a bound have reached it, the metrics have their labels. */
const WARM_UP_SHARE = 0.25;
const LOOKS = 9;
/** What a change leaves to be done later: a second look of the report, Events that are sent together. */
const SETTLE_MS = 1_500;

export async function watchGrowth(components: Components, options: GrowthOptions): Promise<Growth> {
  const { durationMs, signal, tell = () => {} } = options;
  const churn = new Churn(components.lab.client, NODE_NAME);
  await churn.start();
  const usages: Record<Component, Usage[]> = { webhook: [], allocator: [], speaker: [] };
  await churn.run(durationMs * WARM_UP_SHARE);
  const stretchMs = (durationMs * (1 - WARM_UP_SHARE)) / LOOKS;
  for (let look = 0; look < LOOKS && !signal?.aborted; look++) {
    await churn.run(stretchMs);
    await churn.rest();
    await sleep(SETTLE_MS);
    for (const component of COMPONENTS) usages[component].push(await components.usage(component));
    tell(`${churn.changes} changes; ${COMPONENTS.map((name) => `${name}: ${usageText(usages[name])}`).join('; ')}`);
  }
  return {
    changes: churn.changes,
    texts: {
      webhook: usageText(usages.webhook),
      allocator: usageText(usages.allocator),
      speaker: usageText(usages.speaker),
    },
    problems: COMPONENTS.flatMap((name) => growthIn(usages[name]).map((problem) => `${name}: ${problem}`)),
  };
}
