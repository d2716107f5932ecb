/**
 * The port of health and metrics, which is on the node's network: another process of the node may have the port. The speaker then announces without it, tells on the Speaker,
 * and tries again. kubelet restarts the container if its probes get no answer; the condition stays.
 */
import type { Finding } from '../../lib/preflight/finding.ts';
import { pause } from '../../lib/process/clock.ts';
import { type HealthOptions, type HealthServer, serveHealth, splitAddress } from '../../lib/process/health/health.ts';
import type { Logger } from '../../lib/process/log.ts';
import type { Listener } from '../bird/listening.ts';

export interface HealthPortOptions {
  readonly address: string;
  readonly nodeName: string;
  readonly listenersOn: (port: number) => Promise<readonly Listener[]>;
  readonly log: Logger;
  /** The findings have changed. */
  readonly onChange: () => void;
}

const AGAIN_MS = 2_000;

export class HealthPort {
  readonly #options: HealthPortOptions;
  #findings: readonly Finding[] = [];

  constructor(options: HealthPortOptions) {
    this.#options = options;
  }

  get findings(): readonly Finding[] {
    return this.#findings;
  }

  /** @returns undefined if `signal` aborts before the port is free. */
  async serve(health: HealthOptions, signal: AbortSignal): Promise<HealthServer | undefined> {
    const { address, log, onChange } = this.#options;
    while (!signal.aborted) {
      try {
        const server = await serveHealth({ ...health, address });
        if (this.#findings.length > 0) {
          this.#findings = [];
          onChange();
        }
        return server;
      } catch (error) {
        if (!isInUse(error)) throw error;
        const isFirst = this.#findings.length === 0;
        const finding = await this.#finding();
        this.#findings = [finding];
        if (isFirst) log.warn({ ...finding }, 'preflight finding');
        if (isFirst) onChange();
        await pause(AGAIN_MS, signal);
      }
    }
    return undefined;
  }

  async #finding(): Promise<Finding> {
    const { address, nodeName, listenersOn } = this.#options;
    const { port } = splitAddress(address);
    const [listener] = await listenersOn(port);
    const who = listener
      ? ` by ${listener.process ?? `a process of user ${listener.uid} outside the speaker's pod`}`
      : '';
    return {
      reason: 'PortInUse',
      object: { kind: 'Node', name: nodeName },
      message: `port ${port} of the node, for health and metrics of the speaker, is taken${who}: the speaker announces, and kubelet may restart it for want of an answer`,
      remedy: `stop that process (ss -ltnp on the node names it); the port is tried again every ${AGAIN_MS / 1000} s`,
    };
  }
}

function isInUse(error: unknown): boolean {
  const { cause } = error as { readonly cause?: NodeJS.ErrnoException };
  return cause?.code === 'EADDRINUSE';
}
