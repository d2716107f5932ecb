/** `npm run bench`: a lab of its own, Skycap in it, and the times that matter, as ratios to the bare API server's in the same run. */
import { applyExamples, readExamples, waitForSessions } from '../lab/demo.ts';
import { installSkycap, waitForSkycap } from '../lab/install.ts';
import { Lab } from '../lab/lab.ts';
import { prepare } from '../lab/prepare.ts';
import { consoleProgress } from '../lab/progress.ts';
import { RouteWatch } from '../lab/route-watch.ts';
import { measureCreations, measureRoutes } from './measure.ts';
import { type Distribution, distributionOf } from './statistics.ts';

const LAB_NAME = 'skb';
const CREATIONS = 200;
const ROUTES = 60;
/** Before anything counts: connections are made, code is compiled. */
const WARM_UP = 20;

const progress = consoleProgress();
const prepared = await prepare(progress);
await using lab = await progress.step('cluster ready', () => Lab.start({ ...prepared, name: LAB_NAME, progress }));
await progress.step('Skycap installed and running', async () => {
  await installSkycap(lab);
  await waitForSkycap(lab);
});
await progress.step('a pool and a session with the router', async () => {
  const { configuration } = await readExamples(lab);
  await applyExamples(lab, { configuration, services: [], workloads: [] });
  await lab.apply(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bench' } },
    {
      apiVersion: 'network.kubesphere.io/v1alpha2',
      kind: 'Eip',
      metadata: { name: 'bench' },
      spec: { address: '198.18.0.0/16', namespaces: ['bench'] },
    },
  );
  await waitForSessions(lab);
  await measureCreations(lab, WARM_UP);
});

const creations = await progress.step(`${CREATIONS} creations with and without the webhook`, () =>
  measureCreations(lab, CREATIONS),
);
const bare = distributionOf(creations.bareMs);
const ours = distributionOf(creations.withWebhookMs);

await using watch = new RouteWatch(lab);
const routes = await progress.step(`${ROUTES} creations until the route`, () => measureRoutes(lab, watch, ROUTES));
const bareBesideRoutes = distributionOf(routes.bareMs);
const untilRoute = distributionOf(routes.untilRouteMs);

process.stdout.write(
  `${[
    line('create', 'bare API server', bare, bare),
    line('create', 'with the webhook', ours, bare),
    line('create → route in the router', 'FRR', untilRoute, bareBesideRoutes),
  ].join(
    '\n',
  )}\nthe webhook adds ${(ours.p50 - bare.p50).toFixed(1)} ms at p50, ${(ours.p99 - bare.p99).toFixed(1)} ms at p99\n`,
);

function line(what: string, how: string, measured: Distribution, baseline: Distribution): string {
  const ms = (value: number) => `${value.toFixed(1)} ms`.padStart(9);
  const ratio = `${(measured.p50 / baseline.p50).toFixed(1)} × bare`;
  return `${what.padEnd(29)} ${how.padEnd(17)} p50 ${ms(measured.p50)}  p99 ${ms(measured.p99)}  ${ratio.padStart(12)}  n=${measured.count}`;
}
