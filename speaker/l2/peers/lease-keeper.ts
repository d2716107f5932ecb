/**
 * Keeps this node's Lease renewed: by it the other nodes know that this speaker lives. Only this node writes the Lease, so the keeper patches it without a
 * resourceVersion. The Node owns the Lease.
 */
import type { ObjectMeta } from '../../../lib/api/meta/object.ts';
import type { KubeClient } from '../../../lib/kube/client.ts';
import { Deadline } from '../../../lib/kube/deadline.ts';
import { LEASES, type Lease, microTime } from '../../../lib/kube/election/lease.ts';
import { isNotFound } from '../../../lib/kube/errors.ts';
import { type Clock, pause } from '../../../lib/process/clock.ts';
import type { Logger } from '../../../lib/process/log.ts';
import { type LivenessTiming, leaseDurationSeconds, type Renewal } from './liveness.ts';

/** The label of each node's Lease. */
export const LAYER2_LABEL = 'skycap.io/layer2';

export function leaseName(nodeName: string): string {
  return `skycap-speaker-${nodeName}`;
}

export interface LeaseKeeperOptions {
  readonly client: Pick<KubeClient, 'create' | 'patch' | 'delete'>;
  readonly namespace: string;
  readonly nodeName: string;
  /** The UID of the Node; undefined while there is no Node. */
  readonly nodeUid: () => string | undefined;
  /** Called before each renewal, for the time of the next. */
  readonly timing: () => LivenessTiming;
  /** Writes what other nodes have to know before they take this node for live. If it fails, the keeper does not renew. */
  readonly beforeRenewal: (signal: AbortSignal) => Promise<void>;
  /** @param renewal with the time at which the request was sent, monotonic. */
  readonly onRenewed: (renewal: Renewal) => void;
  readonly onFailed: () => void;
  readonly clock: Clock;
  readonly log: Logger;
  /** @default Math.random */
  readonly random?: () => number;
}

/** The interval after a renewal that failed. */
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
   * Renews at once and then at even intervals, until `signal` aborts; never rejects. The first interval is shorter, by chance: all nodes begin with the same new Eip,
   * and must not renew at the same moment ever after.
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
