/** OpenBGPD as a router in the router's namespace, on an address of its own. */
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../../support/eventually.ts';
import type { Lan } from './lan.ts';

/** Package and its program. */
export const OPENBGPD_PACKAGE = { openbgpd: '/usr/sbin/bgpd' } as const;

export interface OpenBgpdOptions {
  readonly address: string;
  readonly as: number;
  readonly neighbor: { readonly address: string; readonly as: number };
}

/** A route in the Loc-RIB, as bgpctl names its parts. */
export interface OpenBgpdRoute {
  readonly prefix: string;
  readonly aspath: string;
  readonly exit_nexthop: string;
  readonly metric: number;
  readonly communities?: readonly string[];
  readonly large_communities?: readonly string[];
}

/** The daemon changes its root to a folder below /run. `ip netns exec` gives the daemon mounts of its own, so that nothing of it stays on the machine. */
const IN_OWN_RUN = 'mount -t tmpfs none /run && mkdir /run/openbgpd && exec "$0" -d -f "$1"';

export class OpenBgpd {
  readonly #socket: string;

  static async start(lan: Lan, options: OpenBgpdOptions): Promise<OpenBgpd> {
    if (!existsSync(OPENBGPD_PACKAGE.openbgpd))
      throw new Error('Cannot find OpenBGPD: install it with "apt-get install openbgpd"');
    const openbgpd = new OpenBgpd(lan);
    const file = join(lan.dir, 'openbgpd.conf');
    writeFileSync(file, configuration(options, openbgpd.#socket), { mode: 0o600 });
    const daemon = lan.start(lan.router, 'openbgpd', '/bin/sh', ['-c', IN_OWN_RUN, OPENBGPD_PACKAGE.openbgpd, file]);
    await until(`bgpd of OpenBGPD (${daemon.tail()})`, () => openbgpd.#tryRoutes() !== undefined);
    return openbgpd;
  }

  private constructor(lan: Lan) {
    this.#socket = join(lan.dir, 'openbgpd.sock');
  }

  route(prefix: string): OpenBgpdRoute | undefined {
    return this.#tryRoutes()?.find((route) => route.prefix === prefix);
  }

  #tryRoutes(): readonly OpenBgpdRoute[] | undefined {
    const args = ['-j', '-s', this.#socket, 'show', 'rib', 'detail'];
    try {
      const text = execFileSync('/usr/sbin/bgpctl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
      return (JSON.parse(text) as { readonly rib?: readonly OpenBgpdRoute[] }).rib ?? [];
    } catch {
      return undefined;
    }
  }
}

function configuration({ address, as, neighbor }: OpenBgpdOptions, socket: string): string {
  return [
    `AS ${as}`,
    `router-id ${address}`,
    'fib-update no',
    `listen on ${address}`,
    `socket "${socket}"`,
    `neighbor ${neighbor.address} {`,
    `  remote-as ${neighbor.as}`,
    `  local-address ${address}`,
    '  passive',
    '  announce IPv4 unicast',
    '  announce IPv6 unicast',
    '}',
    'allow from any',
    '',
  ].join('\n');
}
