/** Reads from the API server what no watch of the webhook brings: the cluster's first IP family, and the addresses that Services publish without a claim. */
import type { EipObject } from '../../lib/api/eip/eip-types.ts';
import type { Change } from '../../lib/kube/cache/store.ts';
import type { KubeClient, KubeWatcher } from '../../lib/kube/client.ts';
import type { Family } from '../../lib/net/address.ts';
import type { Logger } from '../../lib/process/log.ts';
import { LevelLoop } from '../../lib/process/loop/level-loop.ts';
import type { ClusterState } from './cluster-state.ts';
import { findUnclaimed } from './find-unclaimed.ts';
import { readPrimaryFamily } from './primary-family.ts';
import type { Stores } from './stores.ts';
import type { UnclaimedAddresses } from './unclaimed-addresses.ts';

export interface StartupReadsDeps {
  readonly client: KubeClient & KubeWatcher;
  readonly stores: Pick<Stores, 'eips' | 'claims'>;
  readonly cluster: ClusterState;
  readonly unclaimedAddresses: UnclaimedAddresses;
  readonly log: Logger;
}

export class StartupReads {
  readonly #stores: StartupReadsDeps['stores'];
  readonly #family: LevelLoop;
  readonly #unclaimed: LevelLoop;
  #primaryFamily: Family | undefined;
  #isUnclaimedKnown = false;

  constructor({ client, stores, cluster, unclaimedAddresses, log }: StartupReadsDeps) {
    this.#stores = stores;
    const readFamily = async (signal: AbortSignal): Promise<undefined> => {
      this.#primaryFamily = await readPrimaryFamily(client, signal);
    };
    const find = async (signal: AbortSignal): Promise<undefined> => {
      await Promise.all([stores.eips.waitForSync(signal), stores.claims.waitForSync(signal)]);
      await findUnclaimed({ client, cluster, unclaimedAddresses }, signal);
      this.#isUnclaimedKnown = true;
    };
    this.#family = new LevelLoop({ name: 'primary family', act: readFamily, log });
    this.#unclaimed = new LevelLoop({ name: 'unclaimed addresses', act: find, log });
  }

  /** Undefined until read. */
  get primaryFamily(): Family | undefined {
    return this.#primaryFamily;
  }

  get isUnclaimedKnown(): boolean {
    return this.#isUnclaimedKnown;
  }

  /** Reads, and reads the Services again when an Eip is added or edited. Until `signal` aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    this.#stores.eips.subscribe((change) => {
      if (change.type === 'added' || (change.type === 'modified' && !sameGeneration(change))) this.#unclaimed.trigger();
    });
    for (const loop of [this.#family, this.#unclaimed]) loop.trigger();
    await Promise.all([this.#family.run(signal), this.#unclaimed.run(signal)]);
  }
}

/** A change of an Eip's status gives no address. */
function sameGeneration({ old, object }: Extract<Change<EipObject>, { type: 'modified' }>): boolean {
  return old.metadata.generation === object.metadata.generation;
}
