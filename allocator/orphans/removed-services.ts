/**
 * Handles Services that left the cache because they were deleted or have another type now. After a live read has confirmed it, the allocator releases their claims and
 * removes Skycap's metadata from the Services that still exist.
 *
 * The caches may be behind, hence the live read. A Service that was created again under the same name is another Service, hence the comparison of holders by UID and
 * token. A holder without a UID may belong to a create call under way and has its grace period, unless this process has seen its Service stored.
 */

import { ADDRESSES_ANNOTATION, CLAIM_ANNOTATION, EIP_LABEL, WAITING_SINCE_ANNOTATION } from '../../lib/api/keys.ts';
import { hasOurCondition } from '../../lib/api/service/has-our-condition.ts';
import { isLeftAlone } from '../../lib/api/service/served-by-another.ts';
import type { Service } from '../../lib/api/service/service.ts';
import { type ClaimHolder, claimAddress, type EipClaim } from '../../lib/api/skycap/claim.ts';
import { getOrUndefined } from '../../lib/kube/http/get-or-undefined.ts';
import { SERVICES } from '../../lib/kube/resource.ts';
import type { KeyRequeue } from '../../lib/process/loop/keyed-queue.ts';
import { releaseEntry } from '../claims/claim-writer.ts';
import { decideHolder, type HolderAction } from '../claims/decide-holder.ts';
import { HURRIED_GRACE_MS, type StrayClaims } from '../claims/stray-claims.ts';
import type { Deps } from '../deps.ts';
import { patchServiceStatus } from '../services/patch-service-status.ts';
import { withoutManagedMetadata } from '../services/service-patch.ts';

/** The watch shows a stored Service within this time. */
const BEHIND_MS = 100;

/** A holder of the Service in a claim, and the decision about it. */
interface Entry {
  readonly claim: EipClaim;
  readonly own: ClaimHolder;
  readonly verdict: HolderAction;
}

export interface RemovedServicesDeps extends Deps {
  readonly strays: StrayClaims;
}

export class RemovedServices {
  readonly #deps: RemovedServicesDeps;
  /** The Services as the watch last showed them, until their claims are released. */
  readonly #departed = new Map<string, Service>();

  constructor(deps: RemovedServicesDeps) {
    this.#deps = deps;
  }

  /** The watch showed the Service leave, or a live list found it. @returns whether Skycap has written anything on it. */
  saw(key: string, service: Service): boolean {
    if (!isMarked(service)) return false;
    this.#departed.set(key, service);
    return true;
  }

  /** The Service is stored, or stored again. */
  forget(key: string): void {
    this.#departed.delete(key);
  }

  async reconcile(key: string, signal: AbortSignal): Promise<KeyRequeue | undefined> {
    const { cluster } = this.#deps;
    const ref = refOf(key);
    const departed = this.#departed.get(key);
    const entries = this.#entries(ref.namespace, ref.name, departed);
    if (departed || entries.some(({ verdict }) => verdict.kind === 'release')) {
      const live = await getOrUndefined(this.#deps.client, SERVICES, ref, signal);
      if (cluster.services.get(key)) return undefined;
      if (live?.spec?.type === 'LoadBalancer') return { requeueAfterMs: BEHIND_MS, backsOff: true };
      if (live) await this.#takeMarksOff(live, signal);
      await this.#release(key, entries, signal);
    }
    this.#departed.delete(key);
    return this.#whenToLookAgain(entries);
  }

  /** The holders with the Service's name, and the holders without a name that have the token of a departed Service. */
  #entries(namespace: string, name: string, departed: Service | undefined): Entry[] {
    const { cluster, strays, nowMs } = this.#deps;
    const token = departed?.metadata.annotations?.[CLAIM_ANNOTATION];
    const byName = cluster.ledger.heldBy(namespace, name);
    const byToken = token ? cluster.ledger.heldByToken(namespace, token) : [];
    return [...new Set([...byName, ...byToken])].flatMap((claim) =>
      claim.spec.holders
        .filter((holder) => holder.namespace === namespace)
        .filter((holder) => holder.name === name || (holder.name === undefined && holder.token === token))
        .map((own): Entry => {
          const facts = {
            isUsed: false,
            isShown: false,
            wasStored: own.token === token || cluster.holderFirstSeen.wasStored(claim, own),
            nowMs: nowMs(),
            firstSeenMs: cluster.holderFirstSeen.firstSeenMs(claim, own),
            get graceMs() {
              return strays.graceMs(claim, own);
            },
          };
          return { claim, own, verdict: decideHolder(own, facts) };
        }),
    );
  }

  /** The webhook removes the metadata in the update itself, unless the webhook is down. */
  async #takeMarksOff(service: Service, signal: AbortSignal): Promise<void> {
    const body = withoutManagedMetadata(service);
    if (body) await patchServiceStatus(this.#deps.client, service, body, signal);
  }

  async #release(key: string, entries: readonly Entry[], signal: AbortSignal): Promise<void> {
    for (const { claim, own, verdict } of entries) {
      const address = claimAddress(claim.metadata.name ?? '');
      if (verdict.kind !== 'release' || !address) continue;
      if (signal.aborted) return;
      const { reason } = verdict;
      await releaseEntry(this.#deps, { address, own, reason }, { service: key }, reason === 'ClaimExpired');
    }
  }

  #whenToLookAgain(entries: readonly Entry[]): KeyRequeue | undefined {
    const times = entries.flatMap(({ verdict }) => (verdict.kind === 'wait' ? [verdict.untilMs] : []));
    if (times.length === 0) return undefined;
    // The grace period may be shorter at the next reconcile.
    return {
      requeueAfterMs: Math.max(1, Math.min(...times.map((time) => time - this.#deps.nowMs()), HURRIED_GRACE_MS)),
    };
  }
}

function isMarked(service: Service): boolean {
  const { annotations, labels } = service.metadata;
  return (
    labels?.[EIP_LABEL] !== undefined ||
    hasOurCondition(service) ||
    isLeftAlone(service) ||
    [ADDRESSES_ANNOTATION, CLAIM_ANNOTATION, WAITING_SINCE_ANNOTATION].some((key) => annotations?.[key] !== undefined)
  );
}

function refOf(key: string): { readonly namespace: string; readonly name: string } {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name };
}
