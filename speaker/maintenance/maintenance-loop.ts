/**
 * Maintenance of this node: from the annotation `skycap.io/maintenance` on the Node (or a cordon, where the BgpConf says so) to what the plan withdraws.
 *
 * The other nodes are read only while this one is in maintenance: nobody else pays for it. While they can't be read, the last decision stays.
 */
import { isInMaintenance, isNodeReady, nodeState } from '../../lib/announce/node-state.ts';
import { DEFAULT_MAINTENANCE, type MaintenanceSettings } from '../../lib/api/bgp/maintenance.ts';
import { parseBgpConf } from '../../lib/api/bgp/parse-bgp-conf.ts';
import type { Condition } from '../../lib/api/meta/object.ts';
import type { Node } from '../../lib/api/service/service.ts';
import type { SpeakerObject } from '../../lib/api/skycap/speaker-types.ts';
import { type ClusterNode, decideWithdrawal } from '../../lib/bgp/maintenance/decide-withdrawal.ts';
import { sharedPaths } from '../../lib/bgp/maintenance/shared-paths.ts';
import { listAll } from '../../lib/kube/cache/pages.ts';
import type { KubeWatcher } from '../../lib/kube/client.ts';
import { NODES, SPEAKERS } from '../../lib/kube/resource.ts';
import type { Logger } from '../../lib/process/log.ts';
import { LevelLoop, type Requeue } from '../../lib/process/loop/level-loop.ts';
import type { Maintenance } from '../../lib/snapshot/maintenance.ts';
import type { Snapshot } from '../../lib/snapshot/snapshot.ts';

export interface MaintenanceLoopOptions {
  /** @returns undefined while a store is not synced. */
  readonly snapshot: () => Snapshot | undefined;
  readonly client: Pick<KubeWatcher, 'list'>;
  /** The condition of this node's Speaker object, as a speaker before may have written it. */
  readonly formerCondition: () => Condition | undefined;
  /** {@link MaintenanceLoop.addTo} gives another. */
  readonly onChange: () => void;
  readonly nowMs: () => number;
  readonly log: Logger;
}

const LOOK_EVERY_MS = 2_000;
const ANSWER_MS = 5_000;

export class MaintenanceLoop {
  readonly #options: MaintenanceLoopOptions;
  readonly #loop: LevelLoop;
  #state: Maintenance | undefined;
  #isKnown = false;
  /** When the maintenance that goes on began. Unix time. */
  #sinceMs: number | undefined;

  constructor(options: MaintenanceLoopOptions) {
    this.#options = options;
    this.#loop = new LevelLoop({ name: 'maintenance', act: (signal) => this.#act(signal), log: options.log });
  }

  /**
   * Adds the maintenance to the snapshot, for the plan.
   *
   * @returns undefined right after a start, until a node in maintenance knows what it has withdrawn: nothing may be announced before.
   */
  addTo(snapshot: Snapshot): Snapshot | undefined {
    if (this.#state) return { ...snapshot, maintenance: this.#state };
    if (this.#isKnown) return snapshot;
    const inMaintenance = isInMaintenance(nodeState(snapshot.nodeName, snapshot.node), settingsOf(snapshot));
    return inMaintenance ? undefined : snapshot;
  }

  trigger(): void {
    this.#loop.trigger();
  }

  /** Until `signal` aborts. */
  run(signal: AbortSignal): Promise<void> {
    return this.#loop.run(signal);
  }

  async #act(signal: AbortSignal): Promise<Requeue | undefined> {
    const snapshot = this.#options.snapshot();
    if (!snapshot) return undefined;
    const self = nodeState(snapshot.nodeName, snapshot.node);
    const settings = settingsOf(snapshot);
    if (!isInMaintenance(self, settings)) {
      this.#sinceMs = undefined;
      this.#set(undefined);
      return undefined;
    }
    const nowMs = this.#options.nowMs();
    // Not in the future: a clock that is set back would make the drain as much longer.
    this.#sinceMs = Math.min(this.#sinceMs ?? this.#startedMs(nowMs), nowMs);
    const drainsUntilMs = this.#sinceMs + settings.drainSeconds * 1000;
    const nodes = await this.#readNodes(snapshot, settings, signal);
    const isDraining = nowMs < drainsUntilMs;
    const { withdrawn, kept } = decideWithdrawal({ snapshot, self, nodes, minimumNodes: settings.minimumNodes });
    this.#set({ isDraining, withdrawn: isDraining ? new Set() : withdrawn, kept, drainsUntilMs });
    return { requeueAfterMs: isDraining ? Math.min(drainsUntilMs - nowMs, LOOK_EVERY_MS) : LOOK_EVERY_MS };
  }

  /** A speaker that is started again goes on where the one before it was. */
  #startedMs(nowMs: number): number {
    const former = this.#options.formerCondition();
    if (!former) return nowMs;
    return former.status === 'True' ? 0 : Math.min(nowMs, Date.parse(former.lastTransitionTime));
  }

  #set(state: Maintenance | undefined): void {
    const { log, onChange } = this.#options;
    const [before, isFirst] = [this.#state, !this.#isKnown];
    this.#isKnown = true;
    if (textOf(state) === textOf(before)) {
      if (isFirst) onChange();
      return;
    }
    this.#state = state;
    if (!state) log.info('maintenance is over');
    else if (!before) log.info({ until: new Date(state.drainsUntilMs).toISOString() }, 'maintenance: routers drain');
    else log.info({ withdrawn: state.withdrawn.size, kept: state.kept.length }, 'maintenance: addresses withdrawn');
    onChange();
  }

  async #readNodes(
    snapshot: Snapshot,
    settings: MaintenanceSettings,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, ClusterNode>> {
    const { client } = this.#options;
    const [nodes, speakers] = await Promise.all([
      listAll<Node>(client, NODES, { timeoutMs: ANSWER_MS, signal }),
      listAll<SpeakerObject>(client, SPEAKERS, { timeoutMs: ANSWER_MS, signal }),
    ]);
    const sessions = new Map(speakers.map(({ metadata, status }) => [metadata.name, status]));
    const isShared = sharedPaths(snapshot, nodes, sessions);
    return new Map(
      nodes.map((object) => {
        const node = nodeState(object.metadata.name ?? '', object);
        const status = sessions.get(node.name);
        // The Speaker object of a node that lost its power says for ever what it said last.
        const hasRouter = (status?.establishedSessions ?? 0) > 0 || isShared(node);
        const canAnnounce = isNodeReady(object) && status !== undefined && !status.stopping && hasRouter;
        return [node.name, { node, canAnnounce, inMaintenance: isInMaintenance(node, settings) }];
      }),
    );
  }
}

/** A BgpConf that can't be read changes nothing. */
function settingsOf({ bgpConf }: Snapshot): MaintenanceSettings {
  const conf = bgpConf && parseBgpConf(bgpConf);
  return conf?.ok ? conf.value.maintenance : DEFAULT_MAINTENANCE;
}

function textOf(state: Maintenance | undefined): string {
  return JSON.stringify(state && { ...state, withdrawn: [...state.withdrawn].sort() }) ?? '';
}
