/** GoBGP, as OpenELB has it inside: as a speaker whose policies are compared with ours, and as the router that tells what it received. */
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Daemon } from '../../../support/daemon.ts';
import { until } from '../../../support/eventually.ts';
import type { Lan } from './lan.ts';

/** Package and its program. */
export const GOBGP_PACKAGE = { gobgpd: '/usr/bin/gobgpd' } as const;

export interface GoBgpNeighbor {
  readonly address: string;
  readonly as: number;
  readonly passive?: boolean;
}

export interface GoBgpOptions {
  readonly where: string;
  /** Of the node or router that it runs on. */
  readonly address: string;
  readonly as: number;
  readonly listens: boolean;
  readonly neighbors: readonly GoBgpNeighbor[];
  readonly apiPort: number;
  /** TOML. */
  readonly policy?: string;
}

/** A route as a router received it; attributes in one spelling, communities sorted. */
export interface ReceivedRoute {
  readonly origin: number;
  readonly asPath: readonly number[];
  readonly nextHop: string;
  readonly med?: number;
  readonly localPref?: number;
  readonly communities: readonly string[];
  readonly extended: readonly string[];
  readonly large: readonly string[];
}

interface RawAttribute {
  readonly type: number;
  readonly value?: unknown;
  readonly as_paths?: readonly { readonly asns: readonly number[] | null }[];
  readonly nexthop?: string;
  readonly metric?: number;
  readonly communities?: readonly number[];
}

type RawRoutes = Readonly<Record<string, readonly { readonly attrs: readonly RawAttribute[] }[]>>;

export class GoBgp {
  readonly #options: GoBgpOptions;
  readonly #file: string;
  readonly #daemon: Daemon;

  static async start(lan: Lan, options: GoBgpOptions): Promise<GoBgp> {
    if (!existsSync(GOBGP_PACKAGE.gobgpd))
      throw new Error('Cannot find GoBGP: install it with "apt-get install gobgpd"');
    const gobgp = new GoBgp(lan, options);
    await until('gobgpd', () => gobgp.#tryCall('global') !== undefined);
    return gobgp;
  }

  private constructor(lan: Lan, options: GoBgpOptions) {
    this.#options = options;
    this.#file = join(lan.dir, `gobgp-${options.apiPort}.toml`);
    this.#write(options.policy ?? '');
    const args = ['-f', this.#file, '--api-hosts', `127.0.0.1:${options.apiPort}`, '--pprof-disable'];
    this.#daemon = lan.start(options.where, `gobgpd-${options.apiPort}`, GOBGP_PACKAGE.gobgpd, args);
  }

  /** The policy takes effect for routes that are added from now on. */
  async setPolicy(policy: string, names: readonly string[]): Promise<void> {
    this.#write(policy);
    this.#daemon.signal('SIGHUP');
    const wanted = JSON.stringify([...names].sort());
    await until(`the policy (${this.#daemon.tail()})`, () => JSON.stringify(this.#policyNames().sort()) === wanted);
  }

  addRoute(prefix: string, nextHop: string): void {
    this.#call('global', 'rib', 'add', prefix, 'origin', 'igp', 'nexthop', nextHop, '-a', familyOf(prefix));
  }

  withdrawAll(): void {
    for (const family of ['ipv4', 'ipv6']) this.#call('global', 'rib', 'del', 'all', '-a', family);
  }

  isEstablishedWith(address: string): boolean {
    const all = JSON.parse(this.#call('neighbor', '-j')) as readonly {
      readonly state: { readonly neighbor_address: string; readonly session_state?: number | string };
    }[];
    return all.some(
      ({ state }) =>
        state.neighbor_address === address && String(state.session_state).match(/^(6|ESTABLISHED)$/) !== null,
    );
  }

  /** What the neighbour sent, by prefix. */
  receivedFrom(address: string): ReadonlyMap<string, ReceivedRoute> {
    const all = ['ipv4', 'ipv6'].flatMap((family) => {
      const answer = this.#tryCall('neighbor', address, 'adj-in', '-a', family, '-j') ?? '{}';
      return Object.entries(JSON.parse(answer.startsWith('{') ? answer : '{}') as RawRoutes);
    });
    return new Map(
      all.flatMap(([prefix, [route]]) => (route ? [[prefix, received(route.attrs)] as const] : [])).sort(),
    );
  }

  #policyNames(): string[] {
    const all = JSON.parse(this.#tryCall('policy', '-j') || '[]') as readonly { readonly name: string }[] | null;
    return (all ?? []).map(({ name }) => name);
  }

  #write(policy: string): void {
    const { as, address, listens, neighbors } = this.#options;
    const text = [
      '[global.config]',
      `as = ${as}`,
      `router-id = "${address}"`,
      ...(listens ? ['port = 179', `local-address-list = ["${address}"]`] : ['port = -1']),
      ...neighbors.flatMap((neighbor) => [
        '[[neighbors]]',
        '[neighbors.config]',
        `neighbor-address = "${neighbor.address}"`,
        `peer-as = ${neighbor.as}`,
        '[neighbors.transport.config]',
        `local-address = "${address}"`,
        `passive-mode = ${neighbor.passive === true}`,
        '[neighbors.timers.config]',
        'connect-retry = 1',
        'idle-hold-time-after-reset = 1',
        ...['ipv4-unicast', 'ipv6-unicast'].flatMap((family) => [
          '[[neighbors.afi-safis]]',
          '[neighbors.afi-safis.config]',
          `afi-safi-name = "${family}"`,
        ]),
      ]),
      policy,
    ];
    writeFileSync(this.#file, `${text.join('\n')}\n`);
  }

  #call(...args: readonly string[]): string {
    const all = ['netns', 'exec', this.#options.where, 'gobgp', '-p', String(this.#options.apiPort), ...args];
    return execFileSync('ip', all, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }

  #tryCall(...args: readonly string[]): string | undefined {
    try {
      return this.#call(...args);
    } catch {
      return undefined;
    }
  }
}

function familyOf(prefix: string): 'ipv4' | 'ipv6' {
  return prefix.includes(':') ? 'ipv6' : 'ipv4';
}

/** Attribute types of RFC 4271, 1997, 4760, 4360, 8092. */
function received(attributes: readonly RawAttribute[]): ReceivedRoute {
  const of = (type: number) => attributes.find((one) => one.type === type);
  const [med, localPref] = [of(4)?.metric, of(5)?.value as number | undefined];
  const texts = (values: unknown): string[] =>
    [...new Set(((values ?? []) as unknown[]).map((one) => JSON.stringify(one)))].sort();
  return {
    origin: (of(1)?.value as number) ?? 0,
    asPath: (of(2)?.as_paths ?? []).flatMap(({ asns }) => asns ?? []),
    nextHop: of(3)?.nexthop ?? of(14)?.nexthop ?? '',
    ...(med !== undefined && { med }),
    ...(localPref !== undefined && { localPref }),
    communities: texts(of(8)?.communities),
    extended: texts(of(16)?.value),
    large: texts(of(32)?.value),
  };
}
