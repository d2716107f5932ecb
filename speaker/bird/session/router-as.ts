/**
 * The AS numbers that routers said when BIRD refused them for another one: `skycap_peer_a: Error: Bad peer AS: 65009` in BIRD's log. `show protocols` tells the refusal
 * alone.
 */
import { peerSymbol } from '../config/model.ts';

const REFUSED = /(?:^|\s)(skycap_peer_\w+): Error: Bad peer AS: ([0-9]+)\b/;

export class RouterAs {
  readonly #bySymbol = new Map<string, number>();

  /** @param line of BIRD's log. */
  heard(line: string): void {
    const [, symbol, as] = REFUSED.exec(line) ?? [];
    if (symbol !== undefined) this.#bySymbol.set(symbol, Number(as));
  }

  /** The last AS number that the router of a BgpPeer said. */
  of(peer: string): number | undefined {
    return this.#bySymbol.get(peerSymbol(peer));
  }
}
