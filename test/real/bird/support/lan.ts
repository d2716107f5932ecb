/** Two hosts on one wire, each a network namespace of its own: a node and a router. Needs root; all traffic stays on that wire. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Daemon, Daemon as DaemonProcess } from '../../../support/daemon.ts';
import { addNamespace, ip } from '../../../support/namespaces.ts';

/** The node's and the router's addresses; documentation prefixes. */
export const NODE = { v4: '192.0.2.11', v6: 'fd00::11' };
export const ROUTER = { v4: '192.0.2.1', v6: 'fd00::1' };

export class Lan {
  /** Of those that this process made: several may stand side by side. */
  static #made = 0;
  readonly node: string;
  readonly router: string;
  /** For files and sockets of the daemons. */
  readonly dir: string;
  readonly #daemons: Daemon[] = [];

  /** @throws with a sentence where the machine lacks something. */
  static make(): Lan {
    return new Lan();
  }

  private constructor() {
    Lan.#made++;
    this.node = addNamespace(`n${Lan.#made}`);
    this.router = addNamespace(`r${Lan.#made}`);
    this.dir = mkdtempSync(join(tmpdir(), 'skycap-bird-'));
    ip('link', 'add', 'eth0', 'netns', this.node, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', this.router);
    for (const [name, addresses] of [
      [this.node, NODE],
      [this.router, ROUTER],
    ] as const) {
      ip('-n', name, 'address', 'add', `${addresses.v4}/24`, 'dev', 'eth0');
      ip('-n', name, 'address', 'add', `${addresses.v6}/64`, 'dev', 'eth0', 'nodad');
      for (const device of ['lo', 'eth0']) ip('-n', name, 'link', 'set', device, 'up');
    }
  }

  /** Starts a program in one of the two; it is ended with the Lan. */
  start(where: string, name: string, command: string, args: readonly string[], env?: NodeJS.ProcessEnv): Daemon {
    const daemon = new DaemonProcess({
      name,
      command: '/usr/sbin/ip',
      args: ['netns', 'exec', where, command, ...args],
      logFile: join(this.dir, `${name}.log`),
      ...(env && { env: { ...process.env, ...env } }),
    });
    this.#daemons.push(daemon);
    return daemon;
  }

  setLink(up: boolean): void {
    ip('-n', this.router, 'link', 'set', 'eth0', up ? 'up' : 'down');
  }

  /** To every process in one of the two; nothing runs there but what the test started. */
  signalAll(where: string, signal: NodeJS.Signals): void {
    for (const pid of ip('netns', 'pids', where).split('\n').filter(Boolean)) process.kill(Number(pid), signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A daemon's own children too: BIRD is one of start-bird.sh.
    for (const name of [this.node, this.router]) this.signalAll(name, 'SIGKILL');
    await Promise.all(this.#daemons.map((daemon) => daemon.kill()));
    for (const name of [this.node, this.router]) ip('netns', 'delete', name);
    rmSync(this.dir, { recursive: true, force: true });
  }
}
