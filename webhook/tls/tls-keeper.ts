/**
 * Keeps the certificates: in the Secret, which all replicas share and change by compare-and-swap; in the server; and as caBundle
 * in the two webhook configurations. Each call of `act` (the action of a {@link LevelLoop}) takes the next step.
 */

import type { Secret } from '../../lib/api/service/service.ts';
import type { Store } from '../../lib/kube/cache/store.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { isConflict } from '../../lib/kube/errors.ts';
import { MUTATING, VALIDATING, type WebhookConfiguration } from '../../lib/kube/http/admission-refusal.ts';
import { SECRETS } from '../../lib/kube/resource.ts';
import { type CheckResult, failing, OK } from '../../lib/process/health/check.ts';
import type { Logger } from '../../lib/process/log.ts';
import type { Requeue } from '../../lib/process/loop/level-loop.ts';
import { caBundlePatch } from './ca-bundle.ts';
import { planTls, type TlsPlan } from './plan-tls.ts';
import { bundleOf, factsOf, readContent, type TlsContent, withContent } from './tls-content.ts';

export const TLS_SECRET = 'skycap-webhook-tls';
export const WEBHOOK_CONFIGURATION = 'skycap';

/** As in the manifests. */
const TLS_SECRET_LABELS = {
  'app.kubernetes.io/name': 'skycap',
  'app.kubernetes.io/component': 'webhook',
  'app.kubernetes.io/part-of': 'skycap',
};
const FIELD_MANAGER = 'skycap-webhook';

export interface TlsKeeperDeps {
  readonly client: KubeClient;
  readonly namespace: string;
  /** Has the one Secret. */
  readonly secrets: Store<Secret>;
  /** Each has the one configuration of its kind. */
  readonly mutating: Store<WebhookConfiguration>;
  readonly validating: Store<WebhookConfiguration>;
  /** Names and IP addresses of the webhook. */
  readonly names: readonly string[];
  /** Takes a new certificate into use. */
  readonly onContent: (content: TlsContent) => void;
  readonly now: () => Date;
  /** By a clock that never jumps. */
  readonly monotonicMs: () => number;
  readonly log: Logger;
}

/** Another replica wrote first, and the watch returns its version. */
const AFTER_CONFLICT: Requeue = { requeueAfterMs: 200 };

export class TlsKeeper {
  readonly #deps: TlsKeeperDeps;
  /** The Secret as written here, until the watch has returned it. */
  #written: { readonly over: string | undefined; readonly secret: Secret } | undefined;
  #inUse: string | undefined;
  #published: { readonly bundle: string; readonly sinceMs: number } | undefined;
  #trouble = 'the certificate is not there yet';

  constructor(deps: TlsKeeperDeps) {
    this.#deps = deps;
  }

  /** A {@link Check}: whether the API server can call the webhook. */
  readonly check = (): CheckResult => (this.#inUse && this.#published ? OK : failing(this.#trouble));

  async act(signal: AbortSignal): Promise<Requeue | undefined> {
    const { secrets, mutating, validating } = this.#deps;
    if (![secrets, mutating, validating].every((store) => store.synced)) return undefined;
    try {
      return await this.#step(signal);
    } catch (error) {
      if (isConflict(error)) return AFTER_CONFLICT;
      this.#trouble = error instanceof Error ? error.message : String(error);
      throw error;
    }
  }

  async #step(signal: AbortSignal): Promise<Requeue | undefined> {
    const { names, now, monotonicMs } = this.#deps;
    const secret = this.#secret() ?? (await this.#create(signal));
    const content = readContent(secret);
    const facts = content && factsOf(content);
    const nowMs = now().getTime();
    const isPublished = content && this.#published?.bundle === bundleOf(content);
    const publishedForMs = isPublished && this.#published ? monotonicMs() - this.#published.sinceMs : undefined;
    const plan = planTls({ facts, names, nowMs, publishedForMs });
    if (plan.kind !== 'keep' || !content) {
      await this.#write(secret, await this.#next(plan, content), plan, signal);
      return { requeueAfterMs: 0 };
    }
    this.#use(content);
    await this.#publish(bundleOf(content), signal);
    return { requeueAfterMs: plan.requeueAfterMs };
  }

  /** @returns undefined if the Secret does not exist. */
  #secret(): Secret | undefined {
    const { secrets, namespace } = this.#deps;
    const read = secrets.get(`${namespace}/${TLS_SECRET}`);
    if (this.#written && read?.metadata.resourceVersion === this.#written.over) return this.#written.secret;
    this.#written = undefined;
    return read;
  }

  /**
   * Creates the Secret as the manifests have it, without content. By server-side apply, since RBAC can name an object for this way of creating it, and since a Secret
   * that another replica has created and filled meanwhile stays as it is.
   */
  async #create(signal: AbortSignal): Promise<Secret> {
    const { client, namespace, log } = this.#deps;
    const body = {
      ...{ apiVersion: 'v1', kind: 'Secret', type: 'Opaque' },
      metadata: { name: TLS_SECRET, namespace, labels: TLS_SECRET_LABELS },
    };
    const ref = { name: TLS_SECRET, namespace };
    const created = await client.patch(SECRETS, ref, body, { type: 'apply', fieldManager: FIELD_MANAGER, signal });
    log.warn({ secret: `${namespace}/${TLS_SECRET}` }, 'created the Secret of the certificate, which was gone');
    return created;
  }

  async #next(plan: TlsPlan, content: TlsContent | undefined): Promise<TlsContent> {
    // The library for certificates takes 4 MB, and is loaded when there is one to make.
    const { makeContent, withNewAuthority, withNewServing } = await import('./certificates.ts');
    const options = { names: this.#deps.names, now: this.#deps.now() };
    if (!content || plan.kind === 'makeAll' || plan.kind === 'keep') return makeContent(options);
    switch (plan.kind) {
      case 'addAuthority':
        return withNewAuthority(content, options.now);
      case 'renewServing':
        return withNewServing(content, options);
      case 'dropAuthorities':
        return { ...content, authorities: content.authorities.filter((_, i) => !plan.indexes.includes(i)) };
    }
  }

  async #write(secret: Secret, content: TlsContent, plan: TlsPlan, signal: AbortSignal): Promise<void> {
    const written = await this.#deps.client.replace(SECRETS, withContent(secret, content), { signal });
    // Only the version that the store has now is older than the written one.
    const shown = this.#deps.secrets.get(`${this.#deps.namespace}/${TLS_SECRET}`);
    this.#written = { over: shown?.metadata.resourceVersion, secret: written };
    this.#deps.log.info({ step: plan.kind }, 'wrote webhook certificate');
  }

  #use(content: TlsContent): void {
    const pair = `${content.certificate}${content.key}`;
    if (this.#inUse === pair) return;
    this.#deps.onContent(content);
    this.#inUse = pair;
    this.#deps.log.info({}, 'took webhook certificate into use');
  }

  async #publish(bundle: string, signal: AbortSignal): Promise<void> {
    const { client, mutating, validating, log, monotonicMs } = this.#deps;
    for (const [resource, store] of [
      [MUTATING, mutating],
      [VALIDATING, validating],
    ] as const) {
      // A configuration that was deleted on purpose is skipped.
      const configuration = store.get(WEBHOOK_CONFIGURATION);
      const patch = configuration && caBundlePatch(configuration, bundle);
      if (!patch) continue;
      await client.patch(resource, { name: WEBHOOK_CONFIGURATION }, patch, { type: 'strategic', signal });
      log.info({ kind: resource.kind }, 'published caBundle');
    }
    if (this.#published?.bundle !== bundle) this.#published = { bundle, sinceMs: monotonicMs() };
  }
}
