/** Claims by the Eip that their address counts to; built again after an Eip has changed, kept up to date by the claims' watch otherwise. */
import type { EipClaim } from '../../lib/api/skycap/claim.ts';
import type { Store } from '../../lib/kube/cache/store.ts';
import type { EipCache } from '../cluster/eip-cache.ts';

/** An Eip's status asks for its own claims only; a walk over all of them for each Eip would grow with the square. */
export class ClaimsByEip {
  readonly #claims: Store<EipClaim>;
  readonly #eips: EipCache;
  readonly #eipOf = new Map<string, string>();
  readonly #byEip = new Map<string, Map<string, EipClaim>>();
  #isStale = true;

  constructor(claims: Store<EipClaim>, eips: EipCache) {
    this.#claims = claims;
    this.#eips = eips;
    claims.subscribe(({ type, key, object }) => {
      if (this.#isStale) return;
      this.#remove(key);
      if (type !== 'deleted') this.#add(key, object);
    });
  }

  /** To be called when an Eip has changed. */
  reset(): void {
    this.#isStale = true;
  }

  of(eipName: string): EipClaim[] {
    if (this.#isStale) this.#rebuild();
    return [...(this.#byEip.get(eipName)?.values() ?? [])];
  }

  /** The Eip that an address counts to, as `used` of that Eip has it; none where that was deleted, and its name is another's. */
  eipOf(claim: EipClaim): string | undefined {
    return this.#eips.accountOf(claim);
  }

  #rebuild(): void {
    this.#eipOf.clear();
    this.#byEip.clear();
    for (const claim of this.#claims.values()) this.#add(claim.metadata.name ?? '', claim);
    this.#isStale = false;
  }

  #add(key: string, claim: EipClaim): void {
    const eipName = this.eipOf(claim);
    if (eipName === undefined) return;
    this.#eipOf.set(key, eipName);
    const claims = this.#byEip.get(eipName);
    if (claims) claims.set(key, claim);
    else this.#byEip.set(eipName, new Map([[key, claim]]));
  }

  #remove(key: string): void {
    const eipName = this.#eipOf.get(key);
    if (eipName === undefined) return;
    this.#eipOf.delete(key);
    const claims = this.#byEip.get(eipName);
    claims?.delete(key);
    if (claims?.size === 0) this.#byEip.delete(eipName);
  }
}
