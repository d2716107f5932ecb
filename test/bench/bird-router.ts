/**
 * A second router on the nodes' network, with BIRD in place of FRR: which of the milliseconds until a route are the router's own. Gone with the
 * lab, whatever happens, since its namespace and its process are among those that the lab knows.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lab } from '../lab/lab.ts';
import { NODE_SUBNET, namespaceOf, PREFIX_LENGTH } from '../lab/layout.ts';
import { enterNamespace, presentNamespaces } from '../lab/network.ts';
import { switchPort } from '../lab/network-plan.ts';
import { killRecorded, startDaemon } from '../lab/processes.ts';
import { run, tryRun } from '../lab/shell.ts';

const MACHINE = 'router2';
const ADDRESS = '10.98.0.253';
const AS = 65001;

export class BirdRouter implements AsyncDisposable {
  readonly namespace: string;
  readonly address = ADDRESS;
  readonly as = AS;
  readonly #lab: Lab;
  readonly #folder: string;

  private constructor(lab: Lab) {
    this.#lab = lab;
    this.namespace = namespaceOf(lab.layout, MACHINE);
    this.#folder = join(lab.layout.state, MACHINE);
  }

  static async start(lab: Lab): Promise<BirdRouter> {
    const router = new BirdRouter(lab);
    await router[Symbol.asyncDispose]();
    await router.#connect();
    await mkdir(router.#folder, { recursive: true });
    const config = join(router.#folder, 'bird.conf');
    await writeFile(config, CONFIG);
    await startDaemon({
      pids: lab.layout.pids,
      name: MACHINE,
      log: join(router.#folder, 'bird.log'),
      command: enterNamespace(router.namespace, ['bird', '-f', '-c', config, '-s', join(router.#folder, 'bird.ctl')]),
    });
    return router;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await killRecorded(this.#lab.layout.pids, MACHINE);
    // With a namespace its links go, but in the kernel's own time.
    await tryRun('ip', ['-n', namespaceOf(this.#lab.layout, 'lan'), 'link', 'delete', switchPort(MACHINE)]);
    const present = await presentNamespaces(this.#lab.layout);
    if (present.includes(this.namespace)) await run('ip', ['netns', 'delete', this.namespace]);
  }

  async #connect(): Promise<void> {
    const lan = namespaceOf(this.#lab.layout, 'lan');
    const port = switchPort(MACHINE);
    await run('ip', ['netns', 'add', this.namespace]);
    await run('ip', [
      'link',
      'add',
      port,
      'netns',
      lan,
      'type',
      'veth',
      'peer',
      'name',
      'eth0',
      'netns',
      this.namespace,
    ]);
    await run('ip', ['-n', lan, 'link', 'set', port, 'master', 'br0', 'up']);
    await run('ip', ['-n', this.namespace, 'address', 'add', `${ADDRESS}/${PREFIX_LENGTH.v4}`, 'dev', 'eth0']);
    for (const device of ['lo', 'eth0']) await run('ip', ['-n', this.namespace, 'link', 'set', device, 'up']);
  }
}

/** No graceful restart: what a node withdraws or loses is gone at once, so that its return can be seen. */
const CONFIG = `log stderr { warning, error, fatal };
router id ${ADDRESS};
protocol device {}
protocol kernel {
  merge paths on;
  ipv4 { export all; };
}
protocol bgp nodes {
  local as ${AS};
  neighbor range ${NODE_SUBNET.v4} external;
  dynamic name "node";
  graceful restart off;
  ipv4 { import all; export none; };
}
`;
