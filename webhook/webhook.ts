/** Assembles the webhook: stores, cluster state, claimer, certificates, app. `main.ts` serves the app; a test calls it without a server. */
import { randomBytes } from 'node:crypto';
import type { Express } from 'express';
import type { Registry } from 'prom-client';
import { keyFor } from '../lib/api/meta/object.ts';
import { type FoundPolicy, findPolicy } from '../lib/api/policy/find-policy.ts';
import { Claimer } from '../lib/ipam/claims/claimer.ts';
import { Contention } from '../lib/ipam/claims/contention.ts';
import { cacheCheck } from '../lib/kube/cache/cache-check.ts';
import type { KubeClient, KubeWatcher } from '../lib/kube/client.ts';
import { type Check, type Checks, failing, OK } from '../lib/process/health/check.ts';
import { healthHandler } from '../lib/process/health/health.ts';
import type { Logger } from '../lib/process/log.ts';
import { LevelLoop } from '../lib/process/loop/level-loop.ts';
import { buildApp } from './admission/app.ts';
import { type WebhookMetrics, webhookMetrics } from './admission/metrics.ts';
import { isEipDeletion, reviewEipDeletion } from './admission/review-eip-deletion.ts';
import { validate } from './admission/validate.ts';
import { ClusterState } from './cluster/cluster-state.ts';
import { withPublishedElsewhere } from './cluster/published-elsewhere.ts';
import type { ServiceClaimRequest } from './cluster/service-claim-request.ts';
import { StartupReads } from './cluster/startup-reads.ts';
import { makeConfigurationStores, makeStores, type Stores } from './cluster/stores.ts';
import { UnclaimedAddresses } from './cluster/unclaimed-addresses.ts';
import { UnstoredClaims } from './cluster/unstored-claims.ts';
import { allocatorUser, servingNames, type WebhookConfig } from './config.ts';
import { ServiceMutator } from './service/mutate-service.ts';
import { CertificateReader } from './tls/certificate-reader.ts';
import type { ServingPair } from './tls/given-certificate.ts';
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
  readonly onCertificate: (pair: ServingPair) => void;
}

export interface Webhook {
  readonly app: Express;
  /** Keeps everything up to date until `signal` aborts; never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

export function makeWebhook(options: WebhookOptions): Webhook {
  const { config, client, registry, log } = options;
  const { namespace, unmarkedServices, protocols } = config;
  const metrics = webhookMetrics(registry);
  const stores = makeStores({ client, namespace, log, registry });
  const cluster = new ClusterState({
    ...stores,
    primaryFamily: () => reads.primaryFamily,
    isUnclaimedKnown: () => reads.isUnclaimedKnown,
    unmarkedServices,
  });
  // The listeners of the claims are called in the order of subscription, and the ledger of the cluster state must be first.
  const unclaimedAddresses = new UnclaimedAddresses({ claims: stores.claims, ledger: cluster.ledger, client, log });
  const reads: StartupReads = new StartupReads({ client, stores, cluster, unclaimedAddresses, log });
  const mutator = makeMutator(options, stores, cluster, metrics);
  const onCertificate: WebhookOptions['onCertificate'] = (content) => {
    options.onCertificate(content);
    metrics.certificate(content.certificate);
  };
  const certificate = makeCertificate({ ...options, onCertificate }, stores);
  const policyOf = (name: string): FoundPolicy => {
    const key = keyFor(namespace, name);
    return findPolicy(key, stores.configMaps.get(key));
  };
  return {
    app: buildApp({
      mutate: (request, signal) => mutator.mutate(request, signal),
      validate: (request, signal) =>
        isEipDeletion(request)
          ? reviewEipDeletion(request, { cluster, client, log }, signal)
          : withPublishedElsewhere(validate(request, { cluster, policyOf, protocols, log }), request, client, signal),
      health: healthHandler({
        ...{ registry, metricsToken: options.config.metricsToken },
        ready: readyChecks(options, stores, cluster, certificate),
      }),
      metrics,
      log,
      isStopping: options.isStopping,
    }),
    run: async (signal) => {
      await Promise.all([
        ...Object.values(stores).map((store) => store.run(signal)),
        certificate.run(signal),
        reads.run(signal),
        unclaimedAddresses.run(signal),
      ]);
    },
  };
}

function makeMutator(
  { config, client, log, now, monotonicMs }: WebhookOptions,
  { claims }: Stores,
  cluster: ClusterState,
  metrics: WebhookMetrics,
): ServiceMutator {
  const claimer = new Claimer<ServiceClaimRequest>({
    client,
    ledger: cluster.ledger,
    chooseInput: (claimRequest) => cluster.chooseInputFor(claimRequest),
    contention: new Contention({ monotonicMs, random: Math.random }),
    onConflict: metrics.claimConflict,
  });
  return new ServiceMutator({
    cluster,
    claimer,
    unstored: new UnstoredClaims({ claims, nowMs: () => now().getTime() }),
    client,
    now,
    newToken: () => randomBytes(16).toString('hex'),
    allocatorUser: allocatorUser(config.namespace),
    log,
  });
}

function readyChecks(
  { eventLoop, isStopping }: WebhookOptions,
  stores: Stores,
  cluster: ClusterState,
  certificate: Certificate,
): Checks {
  return {
    certificate: certificate.check,
    'cluster state': () => (cluster.missing === undefined ? OK : failing(cluster.missing)),
    caches: cacheCheck({ ...stores, ...certificate.stores }),
    'event loop': eventLoop,
    running: () => (isStopping() ? failing('the process is stopping') : OK),
  };
}

interface Certificate {
  readonly check: Check;
  /** Those that only the certificate needs. */
  readonly stores: Partial<ReturnType<typeof makeConfigurationStores>>;
  run(signal: AbortSignal): Promise<void>;
}

/** By Skycap or by cert-manager: in either case a loop that looks at the Secret whenever it changes. */
function makeCertificate(options: WebhookOptions, { secrets }: Stores): Certificate {
  const { config, client, registry, log, now, monotonicMs, onCertificate } = options;
  const { namespace, certificateSource } = config;
  const names = servingNames(config);
  const common = { namespace, secrets, onContent: onCertificate, now, log };
  if (certificateSource === 'certManager') {
    const reader = new CertificateReader({ ...common, serverName: names[0] ?? '' });
    return { check: reader.check, stores: {}, run: (signal) => follow(reader, [secrets], log, signal) };
  }
  const stores = makeConfigurationStores({ client, namespace, log, registry });
  const keeper = new TlsKeeper({ ...common, ...stores, client, names, monotonicMs });
  const { mutating, validating } = stores;
  return {
    check: keeper.check,
    stores,
    run: async (signal) => {
      const watches = [mutating.run(signal), validating.run(signal)];
      await Promise.all([...watches, follow(keeper, [secrets, mutating, validating], log, signal)]);
    },
  };
}

async function follow(
  certificate: Pick<TlsKeeper, 'act'>,
  watched: readonly Pick<Stores['secrets'] | Stores['nodes'], 'waitForSync' | 'subscribe'>[],
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const loop = new LevelLoop({ name: 'certificate', act: (stop) => certificate.act(stop), log });
  for (const store of watched) store.subscribe(() => loop.trigger());
  void Promise.all(watched.map((store) => store.waitForSync(signal))).then(() => loop.trigger());
  await loop.run(signal);
}
