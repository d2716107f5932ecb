/** From a change of a `Local` Service's endpoint to its route: the slice is the benchmark's own, so that no kubelet is in the way. */
import { ENDPOINT_SLICES } from '../../../lib/kube/resource.ts';
import { type Bench, DEADLINE_MS } from '../bench.ts';
import { type Figure, formatMs } from '../figures.ts';
import { withReady } from '../objects.ts';
import { untilQuiet } from '../quiet.ts';
import { distributionOf, formatDistribution } from '../statistics.ts';

const CHANGES = 100;
const GOAL_MS = 60;

export async function measureEndpoints(bench: Bench): Promise<Figure[]> {
  const { name, ...created } = await bench.create('ours', { externalTrafficPolicy: 'Local' });
  let { slice } = created;
  await bench.services.published([name], DEADLINE_MS);
  const [address = ''] = bench.services.addressesOf([name]);
  const bare: number[] = [];
  const toFrr: number[] = [];
  const toBird: number[] = [];
  const withdrawn: number[] = [];
  const become = async (ready: boolean): Promise<number> => {
    await untilQuiet();
    const startedMs = performance.now();
    slice = await bench.client.replace(ENDPOINT_SLICES, withReady(slice, ready));
    bare.push(performance.now() - startedMs);
    return startedMs;
  };
  await Promise.all([bench.frr.appeared(address, DEADLINE_MS), bench.bird.appeared(address, DEADLINE_MS)]);
  slice = await bench.client.replace(ENDPOINT_SLICES, withReady(slice, false));
  await Promise.all([bench.frr.gone(address, DEADLINE_MS), bench.bird.gone(address, DEADLINE_MS)]);
  for (let i = 0; i < bench.times(CHANGES); i++) {
    const readyMs = await become(true);
    toFrr.push((await bench.frr.appeared(address, DEADLINE_MS)) - readyMs);
    toBird.push((await bench.bird.appeared(address, DEADLINE_MS)) - readyMs);
    const goneMs = await become(false);
    withdrawn.push((await bench.frr.gone(address, DEADLINE_MS)) - goneMs);
    await bench.bird.gone(address, DEADLINE_MS);
  }
  await bench.clear();
  const baseline = `the write alone: ${formatDistribution(distributionOf(bare))}`;
  const routes = distributionOf(toFrr);
  return [
    {
      what: 'endpoint of a `Local` Service ready → route, FRR',
      measured: `${formatDistribution(routes)} (n=${routes.count})`,
      baseline,
      goal: `p50 ≤ ${formatMs(GOAL_MS)}`,
      isMet: routes.p50 <= GOAL_MS,
    },
    { what: 'the same, BIRD', measured: formatDistribution(distributionOf(toBird)), baseline },
    { what: 'not ready → route gone, FRR', measured: formatDistribution(distributionOf(withdrawn)), baseline },
  ];
}
