/** A network of a node and another machine, each a namespace of its own, and responders on the node. */
import { type MacAddress, parseMac } from '../../../../speaker/l2/frames/mac-address.ts';
import type { OtherOwner } from '../../../../speaker/l2/link/link.ts';
import { Responder } from '../../../../speaker/l2/responder/responder.ts';
import { until } from '../../../support/eventually.ts';
import { addNamespace, inNamespace, ip } from '../../../support/namespaces.ts';

export const NODE = { v4: '192.0.2.11', v6: 'fd00::11' };
export const PEER = { v4: '192.0.2.1', v6: 'fd00::1' };

/** The node and the other machine, connected by one wire. */
export class Pair implements AsyncDisposable {
  readonly node = addNamespace('n');
  readonly peer = addNamespace('p');
  readonly stack = new AsyncDisposableStack();

  /** @param connect gives each an `eth0` that is up. */
  constructor(connect: (node: string, peer: string) => void = connectDirectly) {
    for (const name of [this.node, this.peer]) {
      this.stack.defer(() => void ip('netns', 'delete', name));
      ip('-n', name, 'link', 'set', 'lo', 'up');
    }
    connect(this.node, this.peer);
    for (const [name, { v4, v6 }] of [
      [this.node, NODE],
      [this.peer, PEER],
    ] as const) {
      ip('-n', name, 'address', 'add', `${v4}/24`, 'dev', 'eth0');
      ip('-n', name, 'address', 'add', `${v6}/64`, 'dev', 'eth0', 'nodad');
    }
  }

  /** A responder on the node that has seen its links. */
  async responder(): Promise<TestResponder> {
    const responder = inNamespace(this.node, () => new TestResponder());
    this.stack.defer(() => responder.close());
    await until('the links of the node', () => responder.links.length > 0);
    return responder;
  }

  mac(namespace: string, device = 'eth0'): MacAddress {
    const [link] = JSON.parse(ip('-n', namespace, '-json', 'link', 'show', 'dev', device));
    return parseMac(link.address);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack.disposeAsync();
  }
}

/**
 * The two on a switch that listens to MLD, which is a namespace as well:
 *
 *     node eth0 ── node ┤ br0 ├ peer ── eth0 peer
 */
export class Segment extends Pair {
  readonly switch: string;

  constructor() {
    const bridge = addNamespace('s');
    super((...hosts) => connectByBridge(bridge, hosts));
    this.switch = bridge;
    this.stack.defer(() => void ip('netns', 'delete', bridge));
  }

  /** Makes an interface in a namespace, up and connected to a port of the switch. */
  plug(namespace: string, device: string, port: string): void {
    plug(this.switch, namespace, device, port);
  }

  /** What the kernel of the other machine finds out about an address, by asking anew: its MAC, or undefined when nobody answers. */
  async resolve(address: string): Promise<MacAddress | undefined> {
    ip('-n', this.peer, 'neigh', 'flush', 'dev', 'eth0');
    const find = (): { readonly lladdr?: string; readonly state?: readonly string[] } | undefined =>
      JSON.parse(ip('-n', this.peer, '-json', 'neigh', 'show', address, 'dev', 'eth0'))[0];
    ip('netns', 'exec', this.peer, 'bash', '-c', `echo > /dev/udp/${address}/9`);
    const isKnown = () => find()?.lladdr !== undefined || find()?.state?.includes('FAILED') === true;
    await until(`an answer of the kernel about ${address}`, isKnown);
    const text = find()?.lladdr;
    return text === undefined ? undefined : parseMac(text);
  }
}

function connectDirectly(node: string, peer: string): void {
  ip('-n', node, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', peer);
  for (const name of [node, peer]) ip('-n', name, 'link', 'set', 'eth0', 'up');
}

function connectByBridge(bridge: string, [node, peer]: readonly [string, string]): void {
  const snooping = ['mcast_snooping', '1', 'mcast_querier', '1', 'mcast_query_interval', '100'];
  ip('-n', bridge, 'link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0', ...snooping);
  ip('-n', bridge, 'link', 'set', 'br0', 'up');
  plug(bridge, node, 'eth0', 'node');
  plug(bridge, peer, 'eth0', 'peer');
}

function plug(bridge: string, namespace: string, device: string, port: string): void {
  ip('-n', bridge, 'link', 'add', port, 'type', 'veth', 'peer', 'name', device, 'netns', namespace);
  ip('-n', bridge, 'link', 'set', port, 'master', 'br0', 'up');
  ip('-n', namespace, 'link', 'set', device, 'up');
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
