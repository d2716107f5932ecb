/**
 * The parts of layer 2 that exist from the first Eip of layer 2 to the last: the view of the other nodes, this node's Lease, and the loop that decides
 * which addresses this node answers for.
 */
import type { Registry } from 'prom-client';
import type { Node } from '../../lib/api/service/service.ts';
import type { KubeClient, KubeWatcher } from '../../lib/kube/client.ts';
import type { Decision } from '../../lib/layer2/decide-owner.ts';
import type { Layer2Candidate } from '../../lib/layer2/layer2-candidate.ts';
import type { Clock } from '../../lib/process/clock.ts';
import type { Logger } from '../../lib/process/log.ts';
import type { Snapshot } from '../../lib/snapshot/snapshot.ts';
import { AddressProber } from './address-prober.ts';
import type { OtherOwner } from './link/link.ts';
import type { ResponderPort } from './link/responder-port.ts';
import { readReport } from './ownership/layer2-status-writer.ts';
import type { PartitionConflicts } from './ownership/partition-conflicts.ts';
import { OwnershipLoop } from './ownership-loop.ts';
import { Fleet } from './peers/fleet.ts';
import { LeaseKeeper } from './peers/lease-keeper.ts';
import { livenessTiming } from './peers/liveness.ts';
import { LivenessWatch } from './peers/liveness-watch.ts';
import type { PeerWatchPort } from './peers/peer-watch-port.ts';

export interface Layer2TermOptions {
  readonly nodeName: string;
  /** The namespace of the Leases. */
  readonly namespace: string;
  readonly client: KubeClient & KubeWatcher;
  readonly node: () => Node | undefined;
  readonly responder: ResponderPort;
  readonly peers: PeerWatchPort;
  readonly addresses: (snapshot: Snapshot) => ReadonlyMap<string, Layer2Candidate>;
  readonly partitionConflicts: PartitionConflicts;
  /** Writes this node's report to its Speaker object. */
  readonly publishReport: (signal: AbortSignal) => Promise<void>;
  /** The report of {@link Layer2Term.ownershipLoop} has changed. */
  readonly onReport: () => void;
  /** An input of the decisions has changed. */
  readonly onChange: () => void;
  /** @param ownersFound returns the machines that answered the last probe for an address. */
  readonly onDecided: (
    decisions: readonly Decision[],
    wanted: ReadonlyMap<string, Layer2Candidate>,
    ownersFound: (text: string) => readonly OtherOwner[],
  ) => void;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Logger;
}

export class Layer2Term {
  readonly fleet: Fleet;
  readonly liveness: LivenessWatch;
  readonly ownershipLoop: OwnershipLoop;
  readonly #leaseKeeper: LeaseKeeper;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #ended: Promise<unknown>;

  /** @param signal ends the term with the process. */
  constructor(options: Layer2TermOptions, signal: AbortSignal) {
    this.fleet = this.#newFleet(options);
    this.liveness = this.#newLivenessWatch(options);
    this.ownershipLoop = this.#newOwnershipLoop(options);
    this.#leaseKeeper = this.#newLeaseKeeper(options);
    this.#signal = AbortSignal.any([signal, this.#stop.signal]);
    this.#ended = Promise.all([this.fleet.run(this.#signal), this.liveness.run(this.#signal)]);
  }

  /** Reads the Speakers of the other nodes from the API server itself. */
  refreshFleet(): Promise<void> {
    return this.fleet.refresh(this.#signal);
  }

  /** Keeps the Lease renewed from now on. */
  keepLease(): void {
    void this.#leaseKeeper.run(this.#signal);
  }

  removeLease(signal: AbortSignal): Promise<void> {
    return this.#leaseKeeper.remove(signal);
  }

  /** Resolves when nothing of the term runs any more. */
  async end(reason: unknown): Promise<void> {
    this.#stop.abort(reason);
    await this.#ended;
  }

  #newFleet({ client, namespace, log, registry, onChange }: Layer2TermOptions): Fleet {
    return new Fleet({
      client,
      namespace,
      log,
      registry,
      onChange: () => {
        this.liveness.look();
        onChange();
      },
      onLease: (name, lease) => this.liveness.saw(name, lease),
    });
  }

  #newLivenessWatch({ nodeName, clock, peers, onChange, log }: Layer2TermOptions): LivenessWatch {
    const { fleet } = this;
    return new LivenessWatch({
      self: nodeName,
      clock,
      peers,
      suspects: () => suspectsIn(fleet),
      readLeases: (names, signal) => fleet.readLeases(names, signal),
      onChange,
      log,
    });
  }

  #newLeaseKeeper(options: Layer2TermOptions): LeaseKeeper {
    const { client, namespace, nodeName, node, partitionConflicts, publishReport, onChange, clock, log } = options;
    const { liveness } = this;
    return new LeaseKeeper({
      client,
      namespace,
      nodeName,
      nodeUid: () => node()?.metadata.uid,
      timing: () => livenessTiming(liveness.members.length),
      // The Speaker object still has the addresses that this node released while it was cut off. With the renewal other nodes would release theirs.
      beforeRenewal: async (signal) => {
        if (liveness.verdict.cutOff) await publishReport(signal);
      },
      onRenewed: (renewal) => {
        liveness.renewed(renewal);
        if (partitionConflicts.addresses.size > 0) onChange();
        partitionConflicts.clear();
      },
      onFailed: () => liveness.failed(),
      clock,
      log,
    });
  }

  #newOwnershipLoop(options: Layer2TermOptions): OwnershipLoop {
    const { nodeName, peers, responder, addresses, partitionConflicts, onReport, onChange, onDecided, clock, log } =
      options;
    const prober = new AddressProber({ responder, onChange, clock, log });
    return new OwnershipLoop({
      nodeName,
      fleet: this.fleet,
      liveness: this.liveness,
      peers,
      responder,
      prober,
      addresses,
      partitionConflicts: () => partitionConflicts.addresses,
      onReport,
      onDecided: (decisions, wanted) => onDecided(decisions, wanted, (text) => prober.ownersFound(text)),
      clock,
      log,
    });
  }
}

function suspectsIn(fleet: Fleet): Map<string, ReadonlySet<string>> {
  return new Map(
    fleet.speakers().map(({ metadata, status }) => [metadata.name ?? '', new Set(readReport(status).suspects)]),
  );
}
