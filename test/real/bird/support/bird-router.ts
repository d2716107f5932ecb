/** A BIRD of its own as a router in the router's namespace, on an address of its own: nothing of Skycap configures it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BirdControl } from '../../../../speaker/bird/control.ts';
import type { Reply } from '../../../../speaker/bird/reply.ts';
import { birdBinary } from '../../../support/bird-binary.ts';
import type { Daemon } from '../../../support/daemon.ts';
import { until } from '../../../support/eventually.ts';
import type { Lan } from './lan.ts';

export interface BirdRouterOptions {
  readonly where: string;
  /** The router ID; file names derive from it. */
  readonly address: string;
  /** Lines of bird.conf. */
  readonly config: readonly string[];
}

/** A route as BIRD prints its attributes. */
export interface BirdRoute {
  readonly nextHop: string;
  readonly asPath: string;
  readonly med: number | undefined;
  /** `(65000,100)` and `(65000, 1, 2)`. */
  readonly communities: readonly string[];
}

export class BirdRouter {
  readonly #socketPath: string;
  readonly daemon: Daemon;

  static async start(lan: Lan, options: BirdRouterOptions): Promise<BirdRouter> {
    const router = new BirdRouter(lan, options);
    const answers = () =>
      router.#ask('show status').then(
        () => true,
        () => false,
      );
    await until(`BIRD at ${options.address}`, () => {
      if (router.daemon.exited) throw new Error(`Cannot start BIRD: ${router.daemon.tail()}`);
      return answers();
    });
    return router;
  }

  private constructor(lan: Lan, { where, address, config }: BirdRouterOptions) {
    const [file, socketPath] = [join(lan.dir, `bird-${address}.conf`), join(lan.dir, `bird-${address}.ctl`)];
    writeFileSync(file, ['log stderr all;', `router id ${address};`, 'protocol device {}', ...config, ''].join('\n'));
    this.daemon = lan.start(where, `bird-${address}`, birdBinary(), ['-f', '-c', file, '-s', socketPath]);
    this.#socketPath = socketPath;
  }

  async route(prefix: string): Promise<BirdRoute | undefined> {
    const reply = await this.#ask(`show route all for ${prefix}`).catch(() => undefined);
    const text = reply?.lines.map((line) => line.text).join('\n') ?? '';
    const of = (name: string): string | undefined => new RegExp(`BGP\\.${name}: (.*)`).exec(text)?.[1]?.trim();
    const nextHop = of('next_hop');
    if (nextHop === undefined) return undefined;
    const communities = [of('community'), of('large_community')].flatMap((list) => list?.match(/\([^)]*\)/g) ?? []);
    const med = of('med');
    return { nextHop, asPath: of('as_path') ?? '', med: med === undefined ? undefined : Number(med), communities };
  }

  async #ask(command: string): Promise<Reply> {
    const control = new BirdControl({ socketPath: this.#socketPath });
    try {
      return await control.command(command);
    } finally {
      control.close();
    }
  }
}
