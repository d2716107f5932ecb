/** The speaker's settings. The manifests set them; every one but the node's name has a default that fits them. */
import { ALL_PROTOCOLS, type Protocols, parseProtocols } from '../lib/api/eip/protocols.ts';
import type { Parsed } from '../lib/api/problem.ts';
import { type Env, oneOf, parsedBy, readEnv, text } from '../lib/process/env.ts';
import { splitAddress } from '../lib/process/health/health.ts';
import { LOG_LEVELS, type LogLevel } from '../lib/process/log.ts';

export interface SpeakerConfig {
  /** From the downward API. */
  readonly nodeName: string;
  /** Where the speaker runs, and its Leases are. From the downward API. */
  readonly namespace: string;
  /** From the downward API; shown in Events. */
  readonly podName: string;
  /** `host:port` of health and metrics; on the host network, so not on every address by default. */
  readonly healthAddress: string;
  /** Shared with BIRD's container: configuration and control socket. */
  readonly runDir: string;
  readonly birdBinary: string;
  /** That this installation speaks. */
  readonly protocols: Protocols;
  readonly logLevel: LogLevel;
  /** The bearer token for the metrics. Empty: the metrics are open. */
  readonly metricsToken: string;
}

export function readConfig(env: Env): Parsed<SpeakerConfig> {
  return readEnv(env, {
    nodeName: text('NODE_NAME'),
    namespace: text('POD_NAMESPACE', 'skycap-system'),
    podName: text('POD_NAME', 'skycap-speaker'),
    healthAddress: parsedBy('SKYCAP_HEALTH_ADDRESS', (value) => splitAddress(value) && value, '127.0.0.1:7980'),
    runDir: text('SKYCAP_RUN_DIR', '/run/skycap'),
    birdBinary: text('SKYCAP_BIRD', 'bird'),
    protocols: parsedBy('SKYCAP_PROTOCOLS', parseProtocols, ALL_PROTOCOLS),
    logLevel: oneOf('SKYCAP_LOG_LEVEL', LOG_LEVELS, 'info'),
    metricsToken: text('SKYCAP_METRICS_TOKEN', ''),
  });
}
