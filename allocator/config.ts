/** The allocator's settings, from its environment. */

import { ALL_PROTOCOLS, type Protocols, parseProtocols } from '../lib/api/eip/protocols.ts';
import type { Parsed } from '../lib/api/problem.ts';
import type { UnmarkedServices } from '../lib/api/service/parse-address-request.ts';
import { type Env, integer, oneOf, parsedBy, readEnv, text } from '../lib/process/env.ts';
import { splitAddress } from '../lib/process/health/health.ts';
import { LOG_LEVELS, type LogLevel } from '../lib/process/log.ts';

export interface Config {
  /** Where the Lease lives. */
  readonly namespace: string;
  /** Of this replica, in the Lease. */
  readonly podName: string;
  /** That this installation speaks. */
  readonly protocols: Protocols;
  readonly logLevel: LogLevel;
  /** The bearer token for the metrics. Empty: the metrics are open. */
  readonly metricsToken: string;
  /** `host:port`; an empty host listens on all addresses. */
  readonly healthAddress: string;
  /** Whether a LoadBalancer Service with neither class nor annotation is ours. The webhook must have the same. */
  readonly unmarkedServices: UnmarkedServices;
  /** How long a claim may wait for its Service. */
  readonly claimGraceSeconds: number;
  /** Services worked on at the same time. */
  readonly workers: number;
  /** Former holders of addresses that are kept at most. 0: none. */
  readonly historyEntries: number;
  readonly historyDays: number;
}

export function readConfig(env: Env): Parsed<Config> {
  return readEnv<Config>(env, {
    namespace: text('POD_NAMESPACE', 'skycap-system'),
    podName: text('POD_NAME'),
    protocols: parsedBy('SKYCAP_PROTOCOLS', parseProtocols, ALL_PROTOCOLS),
    logLevel: oneOf('SKYCAP_LOG_LEVEL', LOG_LEVELS, 'info'),
    metricsToken: text('SKYCAP_METRICS_TOKEN', ''),
    healthAddress: parsedBy('SKYCAP_HEALTH_ADDRESS', checkedAddress, ':8080'),
    unmarkedServices: oneOf('SKYCAP_UNMARKED_SERVICES', ['defaultEip', 'always', 'never'], 'defaultEip'),
    claimGraceSeconds: integer('SKYCAP_CLAIM_GRACE_SECONDS', { min: 1, max: 3600 }, 60),
    workers: integer('SKYCAP_WORKERS', { min: 1, max: 256 }, 16),
    historyEntries: integer('SKYCAP_HISTORY_ENTRIES', { min: 0, max: 100_000 }, 10_000),
    historyDays: integer('SKYCAP_HISTORY_DAYS', { min: 1, max: 3_650 }, 90),
  });
}

/** @throws where it is none. */
function checkedAddress(address: string): string {
  splitAddress(address);
  return address;
}
