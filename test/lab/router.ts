/** The router between the nodes and the client: FRR in a namespace, and the routes of its kernel. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Layout, namespaceOf } from './layout.ts';
import { Machine } from './machine.ts';
import { inNamespace } from './network.ts';
import { eventually } from './poll.ts';
import { routerConfigFiles } from './router-config.ts';
import { parseRoutes, type Route, samePrefix } from './routes.ts';

const INIT_SCRIPT = fileURLToPath(new URL('./router-init.sh', import.meta.url));
const READY_DEADLINE_MS = 20_000;

export interface BgpNeighbor {
  readonly address: string;
  readonly remoteAs: number;
  readonly state: string;
  /** The time since the last change of the state. */
  readonly sinceMs: number;
  readonly prefixesReceived: number;
}

interface SummaryAnswer {
  readonly peers?: Readonly<
    Record<string, { remoteAs: number; state: string; peerUptimeMsec: number; pfxRcd?: number }>
  >;
}

export class Router {
  readonly machine: Machine;
  readonly #namespace: string;
  readonly #files: Readonly<Record<string, string>>;

  /** @param files of FRR's folder, by name. */
  constructor(layout: Layout, name = 'router', files = routerConfigFiles()) {
    this.machine = new Machine(layout, name);
    this.#namespace = namespaceOf(layout, name);
    this.#files = files;
  }

  async start(): Promise<void> {
    await mkdir(this.machine.folder, { recursive: true });
    for (const [name, text] of Object.entries(this.#files)) {
      await writeFile(join(this.machine.folder, name), text);
    }
    await this.machine.boot(INIT_SCRIPT, {});
  }

  async waitUntilReady(): Promise<void> {
    const probe = async () => {
      await this.machine.refuseIfOff();
      await this.vtysh('show bgp ipv4 unicast summary json');
      return true;
    };
    await eventually(probe, {
      what: `the router ready (its log: ${this.machine.log})`,
      deadlineMs: READY_DEADLINE_MS,
    });
  }

  /** The routes in the router's kernel that BGP put there, both families. */
  async routes(): Promise<Route[]> {
    const families = await Promise.all(
      ['-4', '-6'].map((family) => inNamespace(this.#namespace, ['ip', '-j', family, 'route', 'show', 'proto', 'bgp'])),
    );
    return families.flatMap(parseRoutes);
  }

  /** @param prefix such as `198.51.100.7/32` or `198.51.100.7`. @returns undefined when the kernel has no such route. */
  async route(prefix: string): Promise<Route | undefined> {
    return (await this.routes()).find((route) => samePrefix(route.prefix, prefix));
  }

  /** Waits for the route to have exactly this many next hops; 0 for no route at all. */
  async waitForNextHops(prefix: string, count: number, deadlineMs: number): Promise<Route | undefined> {
    let last: Route | undefined;
    await eventually(
      async () => {
        last = await this.route(prefix);
        const found = last?.nextHops.length ?? 0;
        if (found !== count) throw new Error(`now via ${last?.nextHops.join(', ') || 'nothing'}`);
        return true;
      },
      { what: `a route to ${prefix} with ${count} next hops`, deadlineMs, intervalMs: 25 },
    );
    return last;
  }

  /** The sessions of both families; a neighbour with both counts once, with its prefixes added up. */
  async bgpNeighbors(): Promise<BgpNeighbor[]> {
    const answers = await Promise.all(
      ['ipv4', 'ipv6'].map((family) => this.vtysh(`show bgp ${family} unicast summary json`)),
    );
    const neighbors = new Map<string, BgpNeighbor>();
    for (const answer of answers) {
      const { peers = {} } = JSON.parse(answer) as SummaryAnswer;
      for (const [address, peer] of Object.entries(peers)) {
        neighbors.set(address, {
          address,
          remoteAs: peer.remoteAs,
          state: peer.state,
          sinceMs: peer.peerUptimeMsec,
          prefixesReceived: (neighbors.get(address)?.prefixesReceived ?? 0) + (peer.pfxRcd ?? 0),
        });
      }
    }
    return [...neighbors.values()];
  }

  /** Sends commands to FRR as one vtysh call, e.g. `('configure terminal', 'router bgp 65000', …)`. */
  async vtysh(...commands: string[]): Promise<string> {
    return this.machine.exec(['vtysh', ...commands.flatMap((command) => ['-c', command])]);
  }

  /** Runs a program on the router. */
  async exec(command: readonly string[]): Promise<string> {
    return this.machine.exec(command);
  }
}
