/**
 * Keeps this node's Lease renewed, by which others know in the long run that its speaker lives. Only this node writes it, so it is patched without
 * comparing and swapping. It goes with its Node.
 */
import type { ObjectMeta } from '../../../lib/api/meta/object.ts';
import type { KubeClient } from '../../../lib/kube/client.ts';
import { Deadline } from '../../../lib/kube/deadline.ts';
import { LEASES, type Lease, microTime } from '../../../lib/kube/election/lease.ts';
import { isNotFound } from '../../../lib/kube/errors.ts';
import { type Clock, pause } from '../../../lib/process/clock.ts';
import type { Logger } from '../../../lib/process/log.ts';
import { type LivenessTiming, leaseDurationSeconds, type Renewal } from './liveness.ts';

/** On each node's Lease. */
export const LAYER2_LABEL = 'skycap.io/layer2';

export function leaseName(nodeName: string): string {
  return `skycap-speaker-${nodeName}`;
}

export interface LeaseKeeperOptions {
  readonly client: Pick<KubeClient, 'create' | 'patch' | 'delete'>;
  readonly namespace: string;
  readonly nodeName: string;
  /** The Node's; undefined while there is none. */
  readonly nodeUid: () => string | undefined;
  /** Asked before each renewal: it says until when the next one is due. */
  readonly timing: () => LivenessTiming;
  /** What others have to know before they take this node for one that lives. Where it fails, nothing is renewed. */
  readonly beforeRenewal: (signal: AbortSignal) => Promise<void>;
  /** With the latest time of which others can be sure, monotonic. */
  readonly onRenewed: (renewal: Renewal) => void;
  readonly onFailed: () => void;
  readonly clock: Clock;
  readonly log: Logger;
  /** @default Math.random */
  readonly random?: () => number;
}

/** After a renewal that failed. */
const RETRY_MS = 500;
const ANSWER_MS = 2_000;

export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #ref: { readonly name: string; readonly namespace: string };
  #isFailing = false;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
    this.#ref = { name: leaseName(options.nodeName), namespace: options.namespace };
  }

  /**
   * Renews at once and then at even times, until `signal` aborts; never rejects. The second time comes earlier, by chance: a new Eip makes all nodes begin at one
   * moment, and they are not to renew all at one moment ever after.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random = Math.random } = this.#options;
    let share = random();
    while (!signal.aborted) {
      const startedMs = clock.monotonicMs();
      const timing = this.#options.timing();
      const isRenewed = await this.#renew(timing, signal);
      const restMs = isRenewed ? startedMs + timing.renewMs * share - clock.monotonicMs() : RETRY_MS;
      if (isRenewed) share = 1;
      await pause(Math.max(0, restMs), signal);
    }
  }

  /** Layer 2 is not in use any more. */
  async remove(signal: AbortSignal): Promise<void> {
    await this.#options.client.delete(LEASES, this.#ref, { signal }).catch((error: unknown) => {
      if (!isNotFound(error)) this.#options.log.debug({ err: error }, 'lease not removed');
    });
  }

  async #renew(timing: LivenessTiming, signal: AbortSignal): Promise<boolean> {
    const { clock, log, beforeRenewal, onRenewed, onFailed } = this.#options;
    const deadline = new Deadline(ANSWER_MS, signal);
    try {
      await beforeRenewal(deadline.signal);
      const sentAtMs = clock.monotonicMs();
      await this.#write(timing, deadline.signal);
      if (this.#isFailing) log.info('lease renewed again');
      this.#isFailing = false;
      onRenewed({ sentAtMs, leaseMs: timing.leaseMs });
      return true;
    } catch (err) {
      if (signal.aborted) return false;
      log[this.#isFailing ? 'debug' : 'warn']({ err }, 'lease not renewed, trying again');
      this.#isFailing = true;
      onFailed();
      return false;
    } finally {
      deadline.dispose();
    }
  }

  async #write(timing: LivenessTiming, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#options;
    const spec = { leaseDurationSeconds: leaseDurationSeconds(timing), renewTime: microTime(clock.nowMs()) };
    try {
      await client.patch(LEASES, this.#ref, { spec }, { type: 'merge', signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await client.create(LEASES, this.#lease(spec), { signal });
    }
  }

  #lease(spec: { readonly leaseDurationSeconds: number; readonly renewTime: string }): Lease {
    const { nodeName, nodeUid } = this.#options;
    const uid = nodeUid();
    const owner = { apiVersion: 'v1', kind: 'Node', name: nodeName };
    const metadata: ObjectMeta = {
      ...this.#ref,
      labels: { [LAYER2_LABEL]: '' },
      ...(uid && { ownerReferences: [{ ...owner, uid }] }),
    };
    return { metadata, spec: { ...spec, holderIdentity: nodeName, acquireTime: spec.renewTime } };
  }
}
