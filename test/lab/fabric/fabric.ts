/** The leaf-spine fabric (`fabric-plan.ts`) on a lab that runs: its routers, the client outside, and power cuts. */
import { Client } from '../client.ts';
import type { Lab } from '../lab.ts';
import { FABRIC_ROUTERS, LEAVES, namespaceOf, OUTSIDE } from '../layout.ts';
import { buildNetwork, presentNamespaces, removeNamespaces, runBatch, setCable } from '../network.ts';
import { switchPort } from '../network-plan.ts';
import { Router } from '../router.ts';
import { tryRun } from '../shell.ts';
import { fabricConfigFiles } from './fabric-config.ts';
import {
  AS_NUMBERS,
  type FabricRouter,
  fabricPlanFor,
  LEAF_ADDRESSES,
  neighborsOf,
  OUTSIDE_ADDRESS,
  withoutFabric,
} from './fabric-plan.ts';

export class Fabric implements AsyncDisposable {
  readonly outside: Client;
  readonly #lab: Lab;
  readonly #routers: ReadonlyMap<FabricRouter, Router>;

  private constructor(lab: Lab) {
    this.#lab = lab;
    this.outside = new Client(lab.layout, OUTSIDE, OUTSIDE_ADDRESS);
    this.#routers = new Map(
      FABRIC_ROUTERS.map((name) => [name, new Router(lab.layout, name, fabricConfigFiles(name))]),
    );
  }

  /** Starts the fabric on a running lab. On failure nothing of it stays behind. */
  static async start(lab: Lab): Promise<Fabric> {
    const fabric = new Fabric(lab);
    try {
      await buildNetwork(fabricPlanFor(lab.layout, lab.nodes.length));
      await Promise.all(FABRIC_ROUTERS.map((name) => fabric.router(name).start()));
      await Promise.all(FABRIC_ROUTERS.map((name) => fabric.router(name).waitUntilReady()));
      return fabric;
    } catch (error) {
      await fabric[Symbol.asyncDispose]();
      throw error;
    }
  }

  router(name: FabricRouter): Router {
    return this.#routers.get(name)!;
  }

  /** Has the cluster's nodes peer with both leaves. */
  async peer(): Promise<void> {
    await this.#lab.apply(...LEAVES.map(peerOf));
  }

  /** Ends everything on the router at once, and takes its links down on the other side. */
  async powerOff(name: FabricRouter): Promise<void> {
    const { layout } = this.#lab;
    if (LEAVES.some((leaf) => leaf === name)) await setCable(layout, name, 'down');
    for (const neighbor of neighborsOf(name)) {
      await tryRun('ip', ['-n', namespaceOf(layout, neighbor.name), 'link', 'set', name, 'down']);
    }
    await this.router(name).machine.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { layout, nodes } = this.#lab;
    await this.#lab.kubectl(['delete', 'bgppeer', '--ignore-not-found', ...LEAVES]);
    await Promise.all([...this.#routers.values()].map(({ machine }) => machine.kill()));
    await Promise.all(withoutFabric(layout, nodes.length).map((batch) => runBatch(batch).catch(() => {})));
    // A namespace without a name lives on, with its links, as long as any process has it among its mounts.
    for (const leaf of LEAVES)
      await tryRun('ip', ['-n', namespaceOf(layout, 'lan'), 'link', 'delete', switchPort(leaf)]);
    const own = new Set([...FABRIC_ROUTERS, OUTSIDE].map((machine) => namespaceOf(layout, machine)));
    await removeNamespaces((await presentNamespaces(layout)).filter((namespace) => own.has(namespace)));
  }
}

function peerOf(leaf: (typeof LEAVES)[number]): object {
  return {
    apiVersion: 'network.kubesphere.io/v1alpha2',
    kind: 'BgpPeer',
    metadata: { name: leaf },
    spec: {
      conf: { neighborAddress: LEAF_ADDRESSES[leaf].v4, peerAs: AS_NUMBERS[leaf] },
    },
  };
}
