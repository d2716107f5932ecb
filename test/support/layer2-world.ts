/**
 * Layer 2 of several nodes without a network and without an API server: real terms and real questions, a wire that they share, and views of what others
 * said that are as old as a test wants them. Time is the test's.
 */
import type { SpeakerObject } from '../../lib/api/skycap/speaker-types.ts';
import type { Decision } from '../../lib/layer2/decide-owner.ts';
import { type Address, formatAddress } from '../../lib/net/address.ts';
import type { Snapshot } from '../../lib/snapshot/snapshot.ts';
import { AddressProber } from '../../speaker/l2/address-prober.ts';
import type { Link, OtherOwner } from '../../speaker/l2/link/link.ts';
import type { Answered, ResponderPort } from '../../speaker/l2/link/responder-port.ts';
import type { Layer2Report } from '../../speaker/l2/ownership/layer2-status-writer.ts';
import { OwnershipLoop } from '../../speaker/l2/ownership-loop.ts';
import { layer2Addresses } from './layer2-builders.ts';
import { logSink } from './log-sink.ts';
import { aNode } from './speaker-builders.ts';

export class World {
  ms = 0;
  readonly nodes = new Map<string, SimulatedNode>();
  /** The last report of every node, as the API server has it. */
  readonly said = new Map<string, Layer2Report>();
  snapshot: Snapshot;

  constructor(names: readonly string[], snapshot: Snapshot) {
    this.snapshot = snapshot;
    for (const name of names) this.nodes.set(name, new SimulatedNode(this, name, names));
    for (const node of this.nodes.values()) node.start();
  }

  node(name: string): SimulatedNode {
    return this.nodes.get(name)!;
  }

  /** Names of the nodes that answer for the address. */
  answering(text: string): string[] {
    return [...this.nodes.values()].flatMap(({ name, answers }) => (answers.has(text) ? [name] : []));
  }

  /** Everybody hears everything and acts, until nothing happens any more. */
  async settle(): Promise<void> {
    for (let round = 0; round < 30; round++) {
      const before = this.#text();
      for (const node of this.nodes.values()) node.hear();
      for (const node of this.nodes.values()) await node.act();
      if (this.#text() === before) return;
    }
    throw new Error('Cannot settle: something goes on happening');
  }

  #text(): string {
    const nodes = [...this.nodes.values()].map(({ answers, asked }) => [[...answers.keys()], asked.length]);
    return JSON.stringify([[...this.said], nodes]);
  }
}

export class SimulatedNode {
  readonly name: string;
  readonly #world: World;
  /** The reports of other nodes, as this node knows them. */
  #heard = new Map<string, Layer2Report>();
  #term: OwnershipLoop | undefined;
  /** The addresses that the node answers for, on the wire. */
  answers = new Map<string, Answered>();
  /** Those it holds for alive. */
  live: Set<string>;
  /** Those that it has seen renew their Leases. */
  heard: Set<string>;
  cutOff = false;
  isUp = true;
  /** The Node. */
  isReady = true;
  route: string | undefined = 'eth0';
  /** So many questions go without the answer that there is. */
  deafFor = 0;
  readonly lost = new Set<string>();
  /** Texts of addresses, each time that it asked. */
  readonly asked: string[][] = [];
  decisions: readonly Decision[] = [];

  constructor(world: World, name: string, names: readonly string[]) {
    this.#world = world;
    this.name = name;
    this.live = new Set(names);
    this.heard = new Set(names);
  }

  /** Its speaker, with nothing but what its object says. */
  start(): void {
    const clock = { monotonicMs: () => this.#world.ms };
    const { log } = logSink();
    const node = this;
    const responder: Pick<ResponderPort, 'links' | 'linkTowards' | 'answerFor' | 'probe'> = {
      get links() {
        return [node.#link()];
      },
      linkTowards: () => this.route,
      answerFor: async (addresses) => {
        this.answers = new Map(addresses.map((one) => [formatAddress(one.address), one]));
      },
      probe: async (places) => {
        this.asked.push(places.map(({ address }) => formatAddress(address)));
        if (this.deafFor-- > 0) return [];
        return places.flatMap(({ address }) => this.#ownerOf(address));
      },
    };
    this.#term = new OwnershipLoop({
      nodeName: this.name,
      fleet: {
        synced: true,
        node: (name) => {
          const there = this.#world.nodes.get(name);
          return there && aNode({ name, ...nodeStatus(name, there.isReady) });
        },
        speakers: () => [...this.#heard].map(([name, said]) => speakerOf(name, said)),
      },
      liveness: {
        get verdict() {
          return { live: new Set([...node.live, node.name]), cutOff: node.cutOff };
        },
        get heard() {
          return node.heard;
        },
        get members() {
          return [...node.#world.nodes.keys()];
        },
      },
      peers: { lost: this.lost, seenByWatchers: 'yes', watch: () => {} },
      responder,
      prober: new AddressProber({ responder, onChange: () => {}, clock, log }),
      addresses: layer2Addresses,
      partitionConflicts: () => new Set(),
      onReport: () => {
        if (this.#term?.report) this.#world.said.set(this.name, this.#term.report);
      },
      onDecided: (decisions) => {
        this.decisions = decisions;
      },
      clock,
      log,
    });
    this.hear();
  }

  get isRunning(): boolean {
    return this.#term !== undefined;
  }

  /** Nothing is left to hand over. */
  get isFree(): boolean {
    return this.#term?.isFree ?? false;
  }

  /** SIGTERM. */
  stop(): void {
    this.#term?.stop();
  }

  /** Its process ends, in whatever way: the wire is silent at once. */
  end(): void {
    this.#term = undefined;
    this.answers = new Map();
  }

  /** The watch returns the reports that the API server has. */
  hear(): void {
    this.#heard = new Map(this.#world.said);
  }

  async act(): Promise<void> {
    await this.#term?.act(this.#world.snapshot, new AbortController().signal);
    // The probes are answered meanwhile.
    await new Promise((resolve) => setImmediate(resolve));
  }

  #link(): Link {
    return { name: 'eth0', index: 2, mac: 0x0200_0000_0001, isUp: this.isUp, addresses: [] };
  }

  #ownerOf(address: Address): OtherOwner[] {
    const others = this.#world.answering(formatAddress(address)).filter((name) => name !== this.name);
    return others.length === 0 ? [] : [{ address, interface: 'eth0', mac: 0x0200_0000_0002 }];
  }
}

function speakerOf(name: string, said: Layer2Report): SpeakerObject {
  return {
    apiVersion: 'skycap.io/v1alpha1',
    kind: 'Speaker',
    metadata: { name },
    status: {
      layer2Addresses: said.addresses,
      layer2Unable: said.unable,
      layer2Interfaces: said.interfaces,
      suspects: said.suspects,
      stopping: said.stopping,
    },
  };
}

function nodeStatus(name: string, isReady: boolean) {
  const addresses = [{ type: 'InternalIP', address: `192.0.2.${name.replace(/\D/g, '')}` }];
  return { status: { addresses, conditions: [{ type: 'Ready', status: isReady ? 'True' : 'Unknown' }] } };
}
