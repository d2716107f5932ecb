/** One Eip: its status and conditions from its claims, OpenELB's finalizers off, its numbers into the metrics. */

import type { Eip } from '../../lib/api/eip/eip.ts';
import type { EipObject } from '../../lib/api/eip/eip-types.ts';
import { unsupportedEipFields } from '../../lib/api/eip/parse-eip.ts';
import type { ConditionUpdate } from '../../lib/api/meta/conditions.ts';
import type { Parsed } from '../../lib/api/problem.ts';
import { EIPS } from '../../lib/kube/resource.ts';
import type { Finding } from '../../lib/preflight/finding.ts';
import type { KeyRest } from '../../lib/process/loop/keyed-queue.ts';
import type { MutationCache } from '../cluster/mutation-cache.ts';
import type { Deps } from '../deps.ts';
import type { ClaimsByEip } from './claims-by-eip.ts';
import { eipStatus } from './eip-status.ts';
import { bothDone, restAfter, type StatusWriter, takeFinalizersOff, writeStatus } from './write-status.ts';

export interface EipSources {
  readonly cache: MutationCache<EipObject>;
  readonly claims: ClaimsByEip;
  /** How many Services wait for an address of the Eip; undefined until all were reconciled. */
  readonly waitingFor: (eipName: string) => number | undefined;
  /** The condition about the announcement of its addresses. */
  readonly announcedOf: (eip: Eip) => ConditionUpdate | undefined;
  /** Why the cluster refuses to write the Eip. */
  readonly refusedOf: (eipName: string) => string | undefined;
  readonly findingsOf: (eip: Eip) => readonly Finding[];
}

export class EipReconciler {
  readonly #deps: Deps;
  readonly #sources: EipSources;
  readonly #writer: StatusWriter<EipObject>;

  constructor(deps: Deps, sources: EipSources) {
    this.#deps = deps;
    this.#sources = sources;
    this.#writer = { client: deps.client, resource: EIPS, cache: sources.cache };
  }

  async reconcile(name: string, signal: AbortSignal): Promise<KeyRest | undefined> {
    const { cluster, metrics } = this.#deps;
    const object = this.#writer.cache.get(name);
    const parsed = cluster.eips.parsed(name);
    if (!object || !parsed) {
      metrics.eipGone(name);
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
  ): Promise<KeyRest | undefined> {
    const { cluster, metrics, nowMs } = this.#deps;
    const overlaps = cluster.eips.pools.overlapping.get(name);
    const status = eipStatus({
      object,
      parsed,
      overlaps,
      secondTo: cluster.eips.pools.secondDefaults.get(name),
      claims: this.#sources.claims.of(name),
      withheld: parsed.ok ? cluster.reserved.withheldFrom(parsed.value) : undefined,
      waiting: this.#sources.waitingFor(name) ?? object.status?.waiting ?? 0,
      unsupported: unsupportedEipFields(object),
      announced: parsed.ok && !overlaps ? this.#sources.announcedOf(parsed.value) : undefined,
      refused: this.#sources.refusedOf(name),
      findings: parsed.ok ? this.#sources.findingsOf(parsed.value) : [],
      nowMs: nowMs(),
    });
    metrics.eip(name, status);
    const wrote = await writeStatus(this.#writer, object, status, signal);
    return wrote ? restAfter(status.usage ?? 0) : undefined;
  }
}
