/**
 * The webhook's parts put together: stores, cluster state, claimer, certificates, app. It does not listen, so that a test may have the app
 * with everything behind it; `main.ts` serves it.
 */
import { randomBytes } from 'node:crypto';
import type { RequestListener } from 'node:http';
import type { Registry } from 'prom-client';
import type { EipObject } from '../lib/api/eip/eip-types.ts';
import { Claimer } from '../lib/ipam/claims/claimer.ts';
import { Contention } from '../lib/ipam/claims/contention.ts';
import { cacheCheck } from '../lib/kube/cache/cache-check.ts';
import type { Change } from '../lib/kube/cache/store.ts';
import type { KubeClient, KubeWatcher } from '../lib/kube/client.ts';
import type { Family } from '../lib/net/address.ts';
import { type Check, failing, OK } from '../lib/process/health/check.ts';
import { healthHandler } from '../lib/process/health/health.ts';
import type { Logger } from '../lib/process/log.ts';
import { LevelLoop } from '../lib/process/loop/level-loop.ts';
import { buildApp } from './admission/app.ts';
import { webhookMetrics } from './admission/metrics.ts';
import { isEipDeletion, reviewEipDeletion } from './admission/review-eip-deletion.ts';
import { validate } from './admission/validate.ts';
import { ClusterState } from './cluster/cluster-state.ts';
import { findUnclaimed } from './cluster/find-unclaimed.ts';
import { readPrimaryFamily } from './cluster/primary-family.ts';
import { withPublishedElsewhere } from './cluster/published-elsewhere.ts';
import type { ServiceClaimRequest } from './cluster/service-claim-request.ts';
import { makeStores } from './cluster/stores.ts';
import { UnclaimedAddresses } from './cluster/unclaimed-addresses.ts';
import { UnstoredClaims } from './cluster/unstored-claims.ts';
import { allocatorUser, servingNames, type WebhookConfig } from './config.ts';
import { ServiceMutator } from './service/mutate-service.ts';
import type { TlsContent } from './tls/tls-content.ts';
import { TlsKeeper } from './tls/tls-keeper.ts';

export interface WebhookOptions {
  readonly config: WebhookConfig;
  readonly client: KubeClient & KubeWatcher;
  readonly registry: Registry;
  readonly log: Logger;
  readonly now: () => Date;
  /** Milliseconds by a clock that never jumps. */
  readonly monotonicMs: () => number;
  readonly eventLoop: Check;
  readonly isStopping: () => boolean;
  readonly onCertificate: (content: TlsContent) => void;
}

export interface Webhook {
  readonly app: RequestListener;
  /** Keeps everything up to date until `signal` aborts; never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

export function makeWebhook(options: WebhookOptions): Webhook {
  const { config, client, registry, log, now, monotonicMs, eventLoop, isStopping, onCertificate } = options;
  const { namespace, unmarkedServices } = config;
  const metrics = webhookMetrics(registry);
  const stores = makeStores({ client, namespace, log, registry });
  let primaryFamily: Family | undefined;
  let isUnclaimedKnown = false;

  const cluster = new ClusterState({
    ...stores,
    primaryFamily: () => primaryFamily,
    isUnclaimedKnown: () => isUnclaimedKnown,
    unmarkedServices,
  });
  // After the cluster state, which has the ledger: its listeners are called in this order.
  const unclaimedAddresses = new UnclaimedAddresses({ claims: stores.claims, ledger: cluster.ledger, client, log });
  const claimer = new Claimer<ServiceClaimRequest>({
    client,
    ledger: cluster.ledger,
    chooseInput: (claimRequest) => cluster.chooseInputFor(claimRequest),
    contention: new Contention({ monotonicMs, random: Math.random }),
    onConflict: metrics.claimConflict,
  });
  const mutator = new ServiceMutator({
    cluster,
    claimer,
    unstored: new UnstoredClaims({ claims: stores.claims, nowMs: () => now().getTime() }),
    client,
    now,
    newToken: () => randomBytes(16).toString('hex'),
    allocatorUser: allocatorUser(namespace),
    log,
  });
  const keeper = new TlsKeeper({
    ...stores,
    client,
    namespace,
    names: servingNames(config),
    onContent: onCertificate,
    now,
    log,
  });
  const tls = new LevelLoop({ name: 'certificate', act: (signal) => keeper.act(signal), log });
  const family = new LevelLoop({
    name: 'primary family',
    act: async (signal) => {
      primaryFamily = await readPrimaryFamily(client, signal);
    },
    log,
  });

  const unclaimed = new LevelLoop({
    name: 'unclaimed addresses',
    act: async (signal) => {
      await Promise.all([stores.eips.waitForSync(signal), stores.claims.waitForSync(signal)]);
      await findUnclaimed({ client, cluster, unclaimedAddresses }, signal);
      isUnclaimedKnown = true;
    },
    log,
  });

  const app = buildApp({
    mutate: (request, signal) => mutator.mutate(request, signal),
    validate: (request, signal) =>
      isEipDeletion(request)
        ? reviewEipDeletion(request, { cluster, client, log }, signal)
        : withPublishedElsewhere(validate(request, { cluster, log }), request, client, signal),
    health: healthHandler({
      registry,
      ready: {
        certificate: keeper.check,
        'cluster state': () => (cluster.missing === undefined ? OK : failing(cluster.missing)),
        caches: cacheCheck(stores),
        'event loop': eventLoop,
        running: () => (isStopping() ? failing('the process is stopping') : OK),
      },
    }),
    metrics,
    log,
    isStopping,
  });

  return {
    app,
    run: async (signal) => {
      const watched = [stores.secrets, stores.mutating, stores.validating];
      for (const store of watched) store.subscribe(() => tls.trigger());
      void Promise.all(watched.map((store) => store.waitForSync(signal))).then(() => tls.trigger());
      family.trigger();
      stores.eips.subscribe((change) => {
        if (change.type === 'added' || (change.type === 'modified' && !sameGeneration(change))) unclaimed.trigger();
      });
      unclaimed.trigger();
      await Promise.all([
        ...Object.values(stores).map((store) => store.run(signal)),
        tls.run(signal),
        family.run(signal),
        unclaimed.run(signal),
        unclaimedAddresses.run(signal),
      ]);
    },
  };
}

/** A change of an Eip's status gives no address. */
function sameGeneration({ old, object }: Extract<Change<EipObject>, { type: 'modified' }>): boolean {
  return old.metadata.generation === object.metadata.generation;
}
