/**
 * A network of a switch that listens to MLD, a node and another machine, each a namespace of its own:
 *
 *     node eth0 ── node ┤ br0 ├ peer ── eth0 peer
 */

import type { OtherOwner } from '../../../../speaker/l2/link.ts';
import { Responder } from '../../../../speaker/l2/responder.ts';
import { until } from '../../../support/eventually.ts';
import { addNamespace, inNamespace, ip } from '../../../support/namespaces.ts';

export const NODE = { v4: '192.0.2.11', v6: 'fd00::11' };
export const PEER = { v4: '192.0.2.1', v6: 'fd00::1' };

export class Segment implements AsyncDisposable {
  readonly switch = addNamespace('s');
  readonly node = addNamespace('n');
  readonly peer = addNamespace('p');
  readonly #stack = new AsyncDisposableStack();

  constructor() {
    for (const name of [this.switch, this.node, this.peer]) this.#stack.defer(() => void ip('netns', 'delete', name));
    const snooping = ['mcast_snooping', '1', 'mcast_querier', '1', 'mcast_query_interval', '100'];
    ip('-n', this.switch, 'link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0', ...snooping);
    ip('-n', this.switch, 'link', 'set', 'br0', 'up');
    for (const name of [this.node, this.peer]) ip('-n', name, 'link', 'set', 'lo', 'up');
    this.plug(this.node, 'eth0', 'node');
    this.plug(this.peer, 'eth0', 'peer');
    for (const [name, { v4, v6 }] of [
      [this.node, NODE],
      [this.peer, PEER],
    ] as const) {
      ip('-n', name, 'address', 'add', `${v4}/24`, 'dev', 'eth0');
      ip('-n', name, 'address', 'add', `${v6}/64`, 'dev', 'eth0', 'nodad');
    }
  }

  /** Makes an interface in a namespace, up and connected to a port of the switch. */
  plug(namespace: string, device: string, port: string): void {
    ip('-n', this.switch, 'link', 'add', port, 'type', 'veth', 'peer', 'name', device, 'netns', namespace);
    ip('-n', this.switch, 'link', 'set', port, 'master', 'br0', 'up');
    ip('-n', namespace, 'link', 'set', device, 'up');
  }

  mac(namespace: string, device = 'eth0'): string {
    return JSON.parse(ip('-n', namespace, '-json', 'link', 'show', 'dev', device))[0].address;
  }

  /** What the kernel of the other machine finds out about an address, by asking anew: its MAC, or undefined when nobody answers. */
  async resolve(address: string, withinMs = 10_000): Promise<string | undefined> {
    ip('-n', this.peer, 'neigh', 'flush', 'dev', 'eth0');
    const find = (): { readonly lladdr?: string; readonly state?: readonly string[] } | undefined =>
      JSON.parse(ip('-n', this.peer, '-json', 'neigh', 'show', address, 'dev', 'eth0'))[0];
    ip('netns', 'exec', this.peer, 'bash', '-c', `echo > /dev/udp/${address}/9`);
    await until(
      `an answer of the kernel about ${address}`,
      () => find()?.lladdr !== undefined || find()?.state?.includes('FAILED') === true,
      { withinMs },
    );
    return find()?.lladdr;
  }

  /** A responder on the node that has seen its links. */
  async responder(): Promise<TestResponder> {
    const responder = inNamespace(this.node, () => new TestResponder());
    this.#stack.defer(() => responder.close());
    await until('the links of the node', () => responder.links.length > 0);
    return responder;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** A responder that keeps what it is told. */
export class TestResponder extends Responder {
  readonly conflicts: OtherOwner[];
  readonly warnings: string[];

  constructor() {
    const conflicts: OtherOwner[] = [];
    const warnings: string[] = [];
    super({
      listener: { onLinks: () => {}, onConflict: (conflict) => conflicts.push(conflict) },
      log: { warn: (fields: object) => warnings.push(JSON.stringify(fields)) } as never,
    });
    this.conflicts = conflicts;
    this.warnings = warnings;
    this.start();
  }
}
