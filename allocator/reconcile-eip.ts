/** One Eip: its status and conditions from its claims, OpenELB's finalizers off, its numbers into the metrics. */
import type { Eip } from '../lib/api/eip.ts';
import type { EipObject } from '../lib/api/eip-types.ts';
import { unsupportedEipFields } from '../lib/api/parse-eip.ts';
import type { Parsed } from '../lib/api/problem.ts';
import { EIPS } from '../lib/kube/resource.ts';
import type { Again } from '../lib/process/level-loop.ts';
import type { ClaimsByEip } from './claims-by-eip.ts';
import type { Verdict } from './condition.ts';
import { eipStatus } from './eip-status.ts';
import type { Fresh } from './fresh.ts';
import { Pace } from './pace.ts';
import type { Deps } from './ports.ts';
import { bothDone, type StatusWriter, takeFinalizersOff, writeStatus } from './write-status.ts';

export interface EipSources {
  readonly cache: Fresh<EipObject>;
  readonly claims: ClaimsByEip;
  /** How many Services wait for an address of the Eip; undefined until all were looked at. */
  readonly waitingFor: (eipName: string) => number | undefined;
  /** The condition that says who announces its addresses. */
  readonly announcedOf: (eip: Eip) => Verdict | undefined;
  /** What keeps it from being written. */
  readonly refusedOf: (eipName: string) => string | undefined;
}

export class EipReconciler {
  readonly #deps: Deps;
  readonly #sources: EipSources;
  readonly #writer: StatusWriter<EipObject>;
  readonly #pace = new Pace();

  constructor(deps: Deps, sources: EipSources) {
    this.#deps = deps;
    this.#sources = sources;
    this.#writer = { client: deps.client, resource: EIPS, cache: sources.cache };
  }

  async reconcile(name: string, signal: AbortSignal): Promise<Again | undefined> {
    const { world, metrics } = this.#deps;
    const object = this.#writer.cache.get(name);
    const parsed = world.eips.parsed(name);
    if (!object || !parsed) {
      metrics.eipGone(name);
      this.#pace.forget(name);
      return undefined;
    }
    return bothDone(
      () => this.#writeStatus(name, object, parsed, signal),
      () => takeFinalizersOff(this.#writer, name, signal),
    );
  }

  async #writeStatus(
    name: string,
    object: EipObject,
    parsed: Parsed<Eip>,
    signal: AbortSignal,
  ): Promise<Again | undefined> {
    const { world, metrics, nowMs, monotonicMs } = this.#deps;
    const waitMs = this.#pace.waitMs(name, monotonicMs());
    if (waitMs > 0) return { againAfterMs: waitMs };
    const overlaps = world.eips.pools.overlapping.get(name);
    const status = eipStatus({
      object,
      parsed,
      overlaps,
      secondTo: world.eips.pools.secondDefaults.get(name),
      claims: this.#sources.claims.of(name),
      withheld: parsed.ok ? world.reserved.withheldFrom(parsed.value) : undefined,
      waiting: this.#sources.waitingFor(name) ?? object.status?.waiting ?? 0,
      unsupported: unsupportedEipFields(object),
      announced: parsed.ok && !overlaps ? this.#sources.announcedOf(parsed.value) : undefined,
      refused: this.#sources.refusedOf(name),
      nowMs: nowMs(),
    });
    metrics.eip(name, status);
    if (await writeStatus(this.#writer, object, status, signal)) {
      this.#pace.wrote(name, status.usage ?? 0, monotonicMs());
    }
    return undefined;
  }
}
