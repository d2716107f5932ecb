/** A router with BIRD on a wire of its own to the node, in a namespace of its own. No graceful restart: a route that the node withdraws or loses is gone at once. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lan } from '../real/bird/support/lan.ts';
import { Daemon } from '../support/daemon.ts';
import { addNamespace, ip } from '../support/namespaces.ts';
import { aBgpPeer } from '../support/speaker-builders.ts';
import { RoutePresence } from './route-presence.ts';

const NODE_AS = 64512;
const FIRST_AS = 65001;

export class BirdNeighbor implements AsyncDisposable {
  readonly name: string;
  readonly routes: RoutePresence;
  readonly #namespace: string;
  readonly #daemon: Daemon;
  readonly #address: string;
  readonly #as: number;

  /** @param isCounted which prefixes count as routes. */
  constructor(lan: Lan, index: number, isCounted: (prefix: string) => boolean) {
    this.name = `router-${index + 1}`;
    this.#as = FIRST_AS + index;
    this.#address = `10.97.${index}.1`;
    const nodeAddress = `10.97.${index}.2`;
    this.#namespace = addNamespace(`b${index}`);
    const port = `b${index}`;
    ip('link', 'add', port, 'netns', lan.node, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', this.#namespace);
    for (const [namespace, device, address] of [
      [lan.node, port, nodeAddress],
      [this.#namespace, 'eth0', this.#address],
    ] as const) {
      ip('-n', namespace, 'address', 'add', `${address}/24`, 'dev', device);
      for (const name of ['lo', device]) ip('-n', namespace, 'link', 'set', name, 'up');
    }
    const config = join(lan.dir, `${this.name}.conf`);
    writeFileSync(config, this.#config(nodeAddress));
    this.routes = new RoutePresence(this.#namespace, isCounted);
    const bird = ['bird', '-f', '-c', config, '-s', join(lan.dir, `${this.name}.ctl`)];
    const logFile = join(lan.dir, `${this.name}.log`);
    this.#daemon = new Daemon({
      name: this.name,
      command: 'ip',
      args: ['netns', 'exec', this.#namespace, ...bird],
      logFile,
    });
  }

  /** The node's session with it. */
  get bgpPeer() {
    const peer = aBgpPeer(this.name, { conf: { neighborAddress: this.#address, peerAs: this.#as } });
    return { ...peer, metadata: { name: this.name } };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.routes[Symbol.asyncDispose]();
    await this.#daemon.kill();
    ip('netns', 'delete', this.#namespace);
  }

  #config(nodeAddress: string): string {
    return `log stderr { warning, error, fatal };
router id ${this.#address};
protocol device {}
protocol kernel { ipv4 { export all; }; }
protocol bgp node {
  local ${this.#address} as ${this.#as};
  neighbor ${nodeAddress} as ${NODE_AS};
  graceful restart off;
  ipv4 { import all; export none; };
}
`;
  }
}
