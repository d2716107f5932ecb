/** FRR as the router: zebra and bgpd in the router's namespace, with files of their own. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Daemon } from '../../../support/daemon.ts';
import { until } from '../../../support/eventually.ts';
import { ip } from '../../../support/namespaces.ts';
import { type Lan, NODE, ROUTER } from './lan.ts';

const FOLDER = '/usr/lib/frr';

export interface FrrOptions {
  /** @default 64513 */
  readonly as?: number;
  /** The node's AS number. @default 64512 */
  readonly nodeAs?: number;
  readonly password?: string;
  /** Which of the node's addresses to peer with. @default both */
  readonly neighbors?: readonly ('v4' | 'v6')[];
  /** Waits for the node to connect. */
  readonly passive?: boolean;
  /** Other addresses of the node, in place of those. */
  readonly at?: readonly string[];
  /** Unnumbered: peers with whoever is on this interface, in place of the node's addresses. */
  readonly onInterface?: string;
  /** What follows `neighbor ADDRESS`, for each neighbour. */
  readonly each?: readonly string[];
  /** Starts bfdd as well. */
  readonly bfd?: boolean;
  /** The address that bgpd listens on. @default all */
  readonly listensOn?: string;
}

/** `nextHops` of one BGP path, the first is the one that is used. */
export interface BgpRoute {
  readonly nextHops: readonly string[];
  readonly asPath: string;
}

/** One BGP path and its attributes; those that the path does not have are absent or empty. */
export interface BgpPath {
  /** The node's end of the session. */
  readonly from: string;
  readonly asPath: string;
  /** Sorted, as the next two. */
  readonly communities: readonly string[];
  readonly largeCommunities: readonly string[];
  readonly extendedCommunities: readonly string[];
  readonly med?: number;
  readonly localPref?: number;
}

interface JsonPath {
  readonly peer: { readonly peerId: string };
  readonly aspath: { readonly string: string };
  readonly community?: { readonly string: string };
  readonly largeCommunity?: { readonly string: string };
  readonly extendedCommunity?: { readonly string: string };
  readonly metric?: number;
  readonly locPrf?: number;
}

export class Frr {
  readonly #lan: Lan;
  readonly #dir: string;
  readonly #listen: readonly string[];
  #bgpd: Daemon | undefined;

  static async start(lan: Lan, options: FrrOptions = {}): Promise<Frr> {
    if (!existsSync(`${FOLDER}/bgpd`)) throw new Error('Cannot find FRR: install it with "apt-get install frr"');
    const frr = new Frr(lan, options);
    writeFileSync(join(frr.#dir, 'bgpd.conf'), configuration(options));
    lan.start(lan.router, 'zebra', `${FOLDER}/zebra`, [...frr.#common('zebra'), '-f', '/dev/null']);
    await until('zebra', () => existsSync(frr.#zserv));
    if (options.bfd) lan.start(lan.router, 'bfdd', `${FOLDER}/bfdd`, [...frr.#common('bfdd'), '-f', '/dev/null']);
    await frr.startBgpd();
    return frr;
  }

  private constructor(lan: Lan, { listensOn }: FrrOptions) {
    this.#lan = lan;
    this.#listen = listensOn === undefined ? [] : ['-l', listensOn];
    this.#dir = join(lan.dir, 'frr');
    mkdirSync(this.#dir);
    // The daemons become the user frr as soon as they can.
    chmodSync(lan.dir, 0o711);
    execFileSync('chown', ['frr:frr', this.#dir]);
  }

  async startBgpd(): Promise<void> {
    const config = join(this.#dir, 'bgpd.conf');
    const args = [...this.#common('bgpd'), '-f', config, ...this.#listen];
    this.#bgpd = this.#lan.start(this.#lan.router, 'bgpd', `${FOLDER}/bgpd`, args);
    await until('bgpd', () => this.#tryVtysh('show bgp summary json') !== undefined);
  }

  async stopBgpd(): Promise<void> {
    await this.#bgpd?.kill('SIGTERM');
  }

  /** @param text all of bgpd's configuration. */
  async replaceConfiguration(text: string): Promise<void> {
    await this.stopBgpd();
    writeFileSync(join(this.#dir, 'bgpd.conf'), text);
    await this.startBgpd();
  }

  /** In bgpd's table; undefined where there is no such route. */
  route(prefix: string): BgpRoute | undefined {
    const family = prefix.includes(':') ? 'ipv6' : 'ipv4';
    const answer = JSON.parse(this.#vtysh(`show bgp ${family} unicast ${prefix} json`)) as {
      readonly paths?: readonly {
        readonly valid?: boolean;
        readonly aspath: { readonly string: string };
        readonly nexthops: readonly { readonly ip: string; readonly scope?: string; readonly used?: boolean }[];
      }[];
    };
    const [path] = answer.paths ?? [];
    return path && { nextHops: path.nexthops.map(({ ip }) => ip), asPath: path.aspath.string };
  }

  /** Every path to the prefix in bgpd's table. */
  paths(prefix: string): BgpPath[] {
    const family = prefix.includes(':') ? 'ipv6' : 'ipv4';
    const answer = JSON.parse(this.#vtysh(`show bgp ${family} unicast ${prefix} json`)) as {
      readonly paths?: readonly JsonPath[];
    };
    const listed = (list: { readonly string: string } | undefined) => (list ? list.string.split(' ').sort() : []);
    return (answer.paths ?? []).map((path) => ({
      from: path.peer.peerId,
      asPath: path.aspath.string === 'Local' ? '' : path.aspath.string,
      communities: listed(path.community),
      largeCommunities: listed(path.largeCommunity),
      extendedCommunities: listed(path.extendedCommunity),
      ...(path.metric !== undefined && { med: path.metric }),
      ...(path.locPrf !== undefined && { localPref: path.locPrf }),
    }));
  }

  /** Next hops of the route in the router's kernel. */
  kernelRoute(address: string): string[] {
    const family = address.includes(':') ? '-6' : '-4';
    const routes = JSON.parse(ip('-n', this.#lan.router, '-j', family, 'route', 'show', address) || '[]') as {
      readonly gateway?: string;
      /** Of the other family (RFC 8950). */
      readonly via?: { readonly host: string };
      readonly nexthops?: readonly { readonly gateway: string }[];
    }[];
    return routes.flatMap(({ gateway, via, nexthops }) => {
      const only = gateway ?? via?.host;
      return only ? [only] : (nexthops ?? []).map((hop) => hop.gateway);
    });
  }

  /** Of the session with one of the node's addresses. */
  neighbor(which: 'v4' | 'v6'): { readonly state: string; readonly established: number; readonly dropped: number } {
    return this.neighborAt(NODE[which]);
  }

  /** @param address or an interface. */
  neighborAt(address: string): { readonly state: string; readonly established: number; readonly dropped: number } {
    const answer = JSON.parse(this.#vtysh(`show bgp neighbors ${address} json`)) as Record<
      string,
      { readonly bgpState: string; readonly connectionsEstablished: number; readonly connectionsDropped: number }
    >;
    const { bgpState: state, connectionsEstablished: established, connectionsDropped: dropped } = answer[address]!;
    return { state, established, dropped };
  }

  /** Lines below `router bgp`, while it runs. */
  configure(...lines: readonly string[]): void {
    const words = ['configure terminal', 'router bgp', ...lines].flatMap((line) => ['-c', line]);
    execFileSync('vtysh', ['--vty_socket', this.#dir, ...words], { stdio: 'ignore' });
  }

  /** The prefixes that bgpd has sent to a neighbour. */
  sends(address: string): string[] {
    const text = this.#vtysh(`show bgp ipv4 unicast neighbors ${address} advertised-routes json`);
    const { advertisedRoutes = {} } = JSON.parse(text) as { readonly advertisedRoutes?: object };
    return Object.keys(advertisedRoutes);
  }

  /** Has bgpd begin the session with the neighbour anew; it forgets a limit that was reached. */
  clear(address: string): void {
    this.#vtysh(`clear bgp ${address}`);
  }

  /** What bgpd says of a neighbour, whatever it is. */
  about(address: string): string {
    return this.#vtysh(`show bgp neighbors ${address}`);
  }

  get #zserv(): string {
    return join(this.#dir, 'zserv.api');
  }

  #common(name: string): string[] {
    return ['-z', this.#zserv, '-i', join(this.#dir, `${name}.pid`), '--vty_socket', this.#dir, '--log', 'stdout'];
  }

  #vtysh(command: string): string {
    return execFileSync('vtysh', ['--vty_socket', this.#dir, '-c', command], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  }

  #tryVtysh(command: string): string | undefined {
    try {
      return this.#vtysh(command);
    } catch {
      return undefined;
    }
  }
}

function configuration({
  as = 64513,
  nodeAs = 64512,
  password,
  neighbors = ['v4', 'v6'],
  passive,
  at,
  onInterface,
  each: words = [],
}: FrrOptions): string {
  const addresses = onInterface === undefined ? (at ?? neighbors.map((which) => NODE[which])) : [onInterface];
  const remote = onInterface === undefined ? '' : 'interface ';
  const each = (line: (address: string) => string | undefined) => addresses.flatMap((address) => line(address) ?? []);
  return [
    `router bgp ${as}`,
    ` bgp router-id ${ROUTER.v4}`,
    ' no bgp ebgp-requires-policy',
    ' no bgp default ipv4-unicast',
    ...each((address) => ` neighbor ${address} ${remote}remote-as ${nodeAs}`),
    ...each((address) => (password ? ` neighbor ${address} password ${password}` : undefined)),
    ...each((address) => (passive ? ` neighbor ${address} passive` : undefined)),
    ...words.flatMap((rest) => each((address) => ` neighbor ${address} ${rest}`)),
    ...['ipv4', 'ipv6'].flatMap((family) => [
      ` address-family ${family} unicast`,
      ...each((address) => `  neighbor ${address} activate`),
      ' exit-address-family',
    ]),
    '',
  ].join('\n');
}
