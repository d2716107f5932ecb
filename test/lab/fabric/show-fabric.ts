/** Prints the fabric for the person who ran `npm run lab -- --fabric`. */

import type { Lab } from '../lab.ts';
import { eventually } from '../poll.ts';
import type { Progress } from '../progress.ts';
import { Fabric } from './fabric.ts';
import type { FabricRouter } from './fabric-plan.ts';

const PICTURE = `
  outside ── border ──┬── spine1 ──┬── leaf1 ──┬── n1, n2, n3
                      └── spine2 ──┴── leaf2 ──┘`;
const SHOWN: readonly FabricRouter[] = ['border', 'spine1', 'leaf1'];
const ROUTE_DEADLINE_MS = 60_000;

interface ServiceList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] } };
  }[];
}

/** Starts the fabric, and shows by how many paths each router forwards to the Service `web`. The lab's end takes the fabric along. */
export async function showFabric(lab: Lab, progress: Progress, print: (text: string) => void): Promise<void> {
  const fabric = await progress.step('two leaves, two spines and a border', () => Fabric.start(lab));
  const address = await addressOf(lab, 'web');
  await progress.step('four paths from the border', async () => {
    await fabric.peer();
    await eventually(
      async () => {
        const routes = await Promise.all(SHOWN.map((name) => fabric.router(name).route(address)));
        return routes.every((route) => (route?.nextHops.length ?? 0) > 1);
      },
      { what: `more than one next hop for ${address} on ${SHOWN.join(', ')}`, deadlineMs: ROUTE_DEADLINE_MS },
    );
  });
  print(PICTURE);
  for (const name of SHOWN) {
    const command = ['ip', 'route', 'show', 'proto', 'bgp', address];
    print(`\n$ ${command.join(' ')}    # on ${name}\n${(await fabric.router(name).exec(command)).trimEnd()}`);
  }
  print(`\n$ npm run lab -- exec outside curl -s http://${address}/`);
  const answer = await fabric.outside.get(`http://${address}/`);
  print(answer.ok ? answer.body.trimEnd() : answer.error);
}

async function addressOf(lab: Lab, name: string): Promise<string> {
  const { items } = await lab.api.get<ServiceList>('/api/v1/services');
  const ip = items.find(({ metadata }) => metadata.name === name)?.status?.loadBalancer?.ingress?.[0]?.ip;
  if (!ip) throw new Error(`Cannot show the fabric: Service ${name} has no address`);
  return ip;
}
