/** Writes a Publication in one patch of the Service's status, and records its Events. If another controller overwrites it again and again, the next write waits. */

import { managedFieldsOf } from '../../lib/api/meta/object.ts';
import type { Service } from '../../lib/api/service/service.ts';
import { type Part, writersOf, writersText } from '../../lib/api/service/status-writers.ts';
import type { ServiceView } from '../../lib/ipam/assignment/service-view.ts';
import { SERVICES } from '../../lib/kube/resource.ts';
import { formatAddress } from '../../lib/net/address.ts';
import type { Texts } from '../cluster/rewrite-backoff.ts';
import type { Deps, ServiceEvent } from '../deps.ts';
import { contestedEvent } from './contested-event.ts';
import type { Publication } from './decide-publication.ts';
import { patchServiceStatus } from './patch-service-status.ts';
import { type ServicePatch, servicePatch, textsIn } from './service-patch.ts';

export type ServiceWriterDeps = Pick<Deps, 'client' | 'cluster' | 'events' | 'log' | 'nowMs'>;

export type ServiceChange =
  | { readonly kind: 'none' }
  | { readonly kind: 'patch'; readonly body: ServicePatch; readonly texts: Texts }
  /** Another controller overwrites the publication again and again. The next try comes after this time. */
  | { readonly kind: 'contested'; readonly requeueAfterMs: number };

export class ServiceWriter {
  readonly #deps: ServiceWriterDeps;

  constructor(deps: ServiceWriterDeps) {
    this.#deps = deps;
  }

  /** Decides whether the Service needs a patch, and whether the patch has to wait. */
  changeFor({ service, key }: ServiceView, decision: Publication): ServiceChange {
    const { nowMs, cluster } = this.#deps;
    const body = servicePatch(service, decision, nowMs());
    if (!body) return { kind: 'none' };
    const texts = textsIn(body, service, decision);
    const requeueAfterMs = cluster.rewriteBackoff.waitMs(key, texts);
    return requeueAfterMs > 0 ? { kind: 'contested', requeueAfterMs } : { kind: 'patch', body, texts };
  }

  async write(
    { service, key }: ServiceView,
    decision: Publication,
    { body, texts }: ServiceChange & { readonly kind: 'patch' },
    signal: AbortSignal,
  ): Promise<void> {
    const { events, log, cluster } = this.#deps;
    const isContested = cluster.rewriteBackoff.isWorthTelling(key, texts);
    const rival = isContested ? await this.#rivalOf(service, decision, texts, signal) : undefined;
    await this.patch(service, body, signal);
    cluster.rewriteBackoff.wrote(key, texts, rival?.writers);
    for (const event of [...decision.events, ...(rival ? [rival.event] : [])]) events.record(service, event);
    if (rival) log.warn({ service: key, reason: rival.event.reason, why: rival.event.message }, 'service is contested');
    const addresses = decision.addresses.map(formatAddress);
    log.info({ service: key, addresses, reason: decision.verdicts[0]?.reason }, 'service status written');
  }

  /** The controller that overwrites Skycap's part, and the Event about it. Read before the next write, which hides the controller in managedFields. */
  async #rivalOf(
    { metadata: { namespace, name = '' } }: Service,
    decision: Publication,
    texts: Texts,
    signal: AbortSignal,
  ): Promise<{ readonly writers: string; readonly event: ServiceEvent }> {
    const live = await this.#deps.client.get(SERVICES, { namespace, name }, { signal });
    const parts = Object.keys(texts) as Part[];
    const writers = writersOf(managedFieldsOf(live), parts);
    return { writers: writersText(writers, false), event: contestedEvent(live, decision, parts, writers) };
  }

  /** The cache takes the answer at once, so that the next reconcile has the patched Service. */
  async patch(service: Service, body: unknown, signal: AbortSignal): Promise<void> {
    const { client, cluster } = this.#deps;
    cluster.saw(await patchServiceStatus(client, service, body, signal));
  }
}
