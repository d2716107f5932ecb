/** Keys whose last write was kept back by a webhook or a policy of the cluster, with what to do about it: for the conditions of Eips, BgpPeers and BgpConfs. */
import type { ConditionUpdate } from '../../lib/api/meta/conditions.ts';

export class Refusals {
  readonly #byKey = new Map<string, string>();

  note(key: string, explanation: string): void {
    this.#byKey.set(key, explanation);
  }

  /** @returns whether there was one. */
  clear(key: string): boolean {
    return this.#byKey.delete(key);
  }

  of(key: string): string | undefined {
    return this.#byKey.get(key);
  }
}

export const WRITABLE = 'Writable';

/** The condition is there only while something is in the way. */
export function writableVerdict(refused: string | undefined): ConditionUpdate[] {
  return refused === undefined ? [] : [{ type: WRITABLE, status: 'False', reason: 'WriteRefused', message: refused }];
}
