/** The webhook's settings. The manifests set POD_NAMESPACE; the other settings have defaults that fit the manifests. */

import { ALL_PROTOCOLS, type Protocols, parseProtocols } from '../lib/api/eip/protocols.ts';
import type { Parsed } from '../lib/api/problem.ts';
import type { UnmarkedServices } from '../lib/api/service/parse-address-request.ts';
import { formatAddress, parseAddress } from '../lib/net/address.ts';
import { type Env, integer, oneOf, parsedBy, readEnv, text } from '../lib/process/env.ts';
import { splitAddress } from '../lib/process/health/health.ts';
import { LOG_LEVELS, type LogLevel } from '../lib/process/log.ts';

export interface WebhookConfig {
  /** From the downward API. */
  readonly namespace: string;
  /** The address of the HTTPS server. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Names and IP addresses in the certificate beside those of the Service, comma-separated: for a webhook called by URL. */
  readonly extraNames: readonly string[];
  /** Skycap makes the certificate and keeps the caBundle, or cert-manager does. */
  readonly certificateSource: 'skycap' | 'certManager';
  readonly unmarkedServices: UnmarkedServices;
  /** The webhook serves for this long after the signal to stop, until no API server sends reviews to it. */
  readonly drainSeconds: number;
  /** That this installation speaks. */
  readonly protocols: Protocols;
  readonly logLevel: LogLevel;
  /** The bearer token for the metrics. Empty: the metrics are open. */
  readonly metricsToken: string;
}

export function readConfig(env: Env): Parsed<WebhookConfig> {
  return readEnv<WebhookConfig>(env, {
    namespace: text('POD_NAMESPACE'),
    listen: parsedBy('SKYCAP_LISTEN_ADDRESS', splitAddress, splitAddress(':8443')),
    extraNames: parsedBy('SKYCAP_EXTRA_NAMES', (list) => list.split(',').map((name) => name.trim()), []),
    certificateSource: oneOf('SKYCAP_CERTIFICATE_SOURCE', ['skycap', 'certManager'], 'skycap'),
    unmarkedServices: oneOf('SKYCAP_UNMARKED_SERVICES', ['defaultEip', 'always', 'never'], 'defaultEip'),
    drainSeconds: integer('SKYCAP_DRAIN_SECONDS', { min: 0, max: 60 }, 5),
    protocols: parsedBy('SKYCAP_PROTOCOLS', parseProtocols, ALL_PROTOCOLS),
    logLevel: oneOf('SKYCAP_LOG_LEVEL', LOG_LEVELS, 'info'),
    metricsToken: text('SKYCAP_METRICS_TOKEN', ''),
  });
}

/** The names by which the API server calls the webhook, with the configured ones. */
export function servingNames({ namespace, extraNames }: Pick<WebhookConfig, 'namespace' | 'extraNames'>): string[] {
  const canonical = (name: string): string => {
    const address = parseAddress(name);
    return address ? formatAddress(address) : name;
  };
  return [`skycap-webhook.${namespace}.svc`, ...extraNames.map(canonical)];
}

/** The allocator's user name at the API server. */
export function allocatorUser(namespace: string): string {
  return `system:serviceaccount:${namespace}:skycap-allocator`;
}
