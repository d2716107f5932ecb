/** The addresses that one node at a time has to answer for, kept up to date. Pure. */

import { eipFinder } from '../../../lib/announce/eip-of-address.ts';
import { type Layer2Candidate, sharedCandidate, wantedBy } from '../../../lib/layer2/layer2-candidate.ts';
import { PerService } from '../../../lib/snapshot/per-service.ts';
import type { Snapshot } from '../../../lib/snapshot/snapshot.ts';

/**
 * The addresses of layer 2 by their text, made anew only for Services that changed. The result depends on the snapshot alone: a new index has the same
 * addresses as one that has followed every change.
 */
export class Layer2AddressIndex {
  readonly #perService = new PerService<readonly Layer2Candidate[]>();
  /** The candidates of each Service, by the text of the address. */
  readonly #sharers = new Map<string, readonly Layer2Candidate[]>();
  readonly #wanted = new Map<string, Layer2Candidate>();

  /** Call this for every change of a Service or of one of its EndpointSlices. */
  changed(serviceKey: string): void {
    this.#perService.changed(serviceKey);
  }

  /** @returns the index's own map, which the next call changes. */
  addresses({ services, slices, eips }: Snapshot): ReadonlyMap<string, Layer2Candidate> {
    const eipOf = eipFinder(eips);
    this.#perService.update({
      services,
      basis: [services, slices, eips],
      make: (key, service) => {
        const own = wantedBy(service, slices.get(key), eipOf);
        return own.length > 0 ? own : undefined;
      },
      onReplaced: (_, old = [], now = []) => {
        for (const one of old) this.#share(one.text, (all) => all.filter((other) => other !== one));
        for (const one of now) this.#share(one.text, (all) => [...all, one]);
      },
    });
    return this.#wanted;
  }

  #share(text: string, change: (all: readonly Layer2Candidate[]) => readonly Layer2Candidate[]): void {
    const all = change(this.#sharers.get(text) ?? []);
    const [first, ...others] = all;
    if (first) {
      this.#sharers.set(text, all);
      this.#wanted.set(text, sharedCandidate([first, ...others]));
    } else {
      this.#sharers.delete(text);
      this.#wanted.delete(text);
    }
  }
}
