/** The webhook's settings. The manifests set POD_NAMESPACE; everything else has a default that fits them. */

import type { Parsed } from '../lib/api/problem.ts';
import type { UnmarkedServices } from '../lib/api/service/parse-address-request.ts';
import { formatAddress, parseAddress } from '../lib/net/address.ts';
import { type Env, integer, oneOf, parsedBy, readEnv, text } from '../lib/process/env.ts';
import { splitAddress } from '../lib/process/health/health.ts';
import { LOG_LEVELS, type LogLevel } from '../lib/process/log.ts';

export interface WebhookConfig {
  /** From the downward API. */
  readonly namespace: string;
  /** Where it serves HTTPS. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Names and IP addresses that stand in the certificate beside the Service's, comma-separated: for a webhook called by URL. */
  readonly extraNames: readonly string[];
  readonly unmarkedServices: UnmarkedServices;
  /** How long it goes on serving when told to stop, until no API server sends to it any more. */
  readonly drainSeconds: number;
  readonly logLevel: LogLevel;
}

export function readConfig(env: Env): Parsed<WebhookConfig> {
  return readEnv<WebhookConfig>(env, {
    namespace: text('POD_NAMESPACE'),
    listen: parsedBy('SKYCAP_LISTEN_ADDRESS', splitAddress, splitAddress(':8443')),
    extraNames: parsedBy('SKYCAP_EXTRA_NAMES', (list) => list.split(',').map((name) => name.trim()), []),
    unmarkedServices: oneOf('SKYCAP_UNMARKED_SERVICES', ['defaultEip', 'always', 'never'], 'defaultEip'),
    drainSeconds: integer('SKYCAP_DRAIN_SECONDS', { min: 0, max: 60 }, 5),
    logLevel: oneOf('SKYCAP_LOG_LEVEL', LOG_LEVELS, 'info'),
  });
}

/** What the API server calls the webhook by, with the names that were asked for. */
export function servingNames({ namespace, extraNames }: Pick<WebhookConfig, 'namespace' | 'extraNames'>): string[] {
  const canonical = (name: string): string => {
    const address = parseAddress(name);
    return address ? formatAddress(address) : name;
  };
  return [`skycap-webhook.${namespace}.svc`, ...extraNames.map(canonical)];
}

/** The user that the allocator is to the API server. */
export function allocatorUser(namespace: string): string {
  return `system:serviceaccount:${namespace}:skycap-allocator`;
}
