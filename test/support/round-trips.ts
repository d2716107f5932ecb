/**
 * How long an answer by ARP or neighbour discovery takes, as another machine sees it: measured in a thread of its own, so that nothing in this one
 * delays it. That thread runs `round-trip-worker.ts`.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { parseAddress } from '../../lib/net/address.ts';
import { type MacAddress, parseMac } from '../../speaker/l2/frames/mac-address.ts';
import { inNamespace, ip } from './namespaces.ts';
import { arpRequest, solicitation } from './neighbour.ts';

export interface RoundTripPlan {
  /** Where it is asked from. */
  readonly namespace: string;
  readonly device?: string;
  /** The MAC that is asked; unicast, as kernels ask again for what they know. */
  readonly to: MacAddress;
  /** The own addresses, by family. */
  readonly from: { readonly v4: string; readonly v6: string };
  /** Asked for in turn. */
  readonly targets: readonly string[];
  readonly times: number;
  readonly pauseMs: number;
}

/** @returns for each target microseconds, in the order of asking. @throws when one is not answered within seconds. */
export async function measureRoundTrips(plan: RoundTripPlan): Promise<ReadonlyMap<string, readonly number[]>> {
  const { namespace, device = 'eth0', to, from, targets, times, pauseMs } = plan;
  const [link] = JSON.parse(ip('-n', namespace, '-json', 'link', 'show', 'dev', device));
  const frames = targets.map((text) => {
    const target = parseAddress(text)!;
    const source = parseAddress(target.family === 4 ? from.v4 : from.v6)!;
    return target.family === 4
      ? arpRequest(target, source, parseMac(link.address), to)
      : solicitation(target, source, parseMac(link.address), to);
  });
  const workerData = { index: link.ifindex, frames, times, pauseMs };
  const file = new URL('./round-trip-worker.ts', import.meta.url);
  const worker = inNamespace(namespace, () => new Worker(file, { workerData }));
  const [samples] = (await once(worker, 'message')) as [readonly (readonly number[])[]];
  return new Map(targets.map((target, i) => [target, samples[i]!]));
}
