/**
 * The Speakers, of which those of lost nodes have no session and no address: a node without power can't take back what it said last, and its object stays until its Node is deleted. Who notices
 * is Kubernetes: where the kubelet is silent, the Node's condition Ready becomes Unknown (kube-controller-manager's `node-monitor-grace-period`, 50 s). Neither has a speaker that was told
 * to end: it says so, and nothing after that until it is started again.
 */
import type { Node } from '../lib/api/service.ts';
import type { SpeakerObject } from '../lib/api/speaker-types.ts';
import { iterable } from '../lib/kube/iterable.ts';
import type { Change, Store } from '../lib/kube/store.ts';
import { StoreReaders } from '../lib/kube/store-readers.ts';
import type { Logger } from '../lib/process/log.ts';

export class HeardSpeakers implements Store<SpeakerObject> {
  readonly #said: Store<SpeakerObject>;
  readonly #nodes: Store<Node>;
  readonly #readers: StoreReaders<SpeakerObject>;

  constructor(said: Store<SpeakerObject>, nodes: Store<Node>, log: Logger) {
    this.#said = said;
    this.#nodes = nodes;
    this.#readers = new StoreReaders(log);
    said.subscribe((change) => this.#readers.tell([heardIn(change, this.#isLost(change.key))]));
    nodes.subscribe((change) => this.#onNode(change));
  }

  get synced(): boolean {
    return this.#said.synced && this.#nodes.synced;
  }

  get size(): number {
    return this.#said.size;
  }

  silentForMs(): number {
    return Math.max(this.#said.silentForMs(), this.#nodes.silentForMs());
  }

  get(key: string): SpeakerObject | undefined {
    const speaker = this.#said.get(key);
    return speaker && heard(speaker, this.#isLost(key));
  }

  values(): Iterable<SpeakerObject> {
    return iterable(() => this.#heard());
  }

  *#heard(): Generator<SpeakerObject> {
    for (const speaker of this.#said.values()) yield heard(speaker, this.#isLost(speaker.metadata.name ?? ''));
  }

  subscribe(listener: (change: Change<SpeakerObject>) => void): void {
    this.#readers.subscribe(listener);
  }

  #onNode(change: Change<Node>): void {
    const { key } = change;
    const speaker = this.#said.get(key);
    const before = change.type === 'modified' ? change.old : change.type === 'deleted' ? change.object : undefined;
    const wasLost = isLost(before);
    if (!speaker || wasLost === this.#isLost(key)) return;
    this.#readers.tell([{ type: 'modified', key, old: heard(speaker, wasLost), object: heard(speaker, !wasLost) }]);
  }

  #isLost(name: string): boolean {
    return isLost(this.#nodes.get(name));
  }
}

/** One that has no Node, or none yet, may be alive all the same. */
export function isLost(node: Node | undefined): boolean {
  return node?.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'Unknown';
}

function heardIn(change: Change<SpeakerObject>, isLost: boolean): Change<SpeakerObject> {
  const object = heard(change.object, isLost);
  return change.type === 'modified' ? { ...change, object, old: heard(change.old, isLost) } : { ...change, object };
}

function heard(speaker: SpeakerObject, isLost: boolean): SpeakerObject {
  if (!speaker.status || !(isLost || speaker.status.stopping)) return speaker;
  const { layer2Addresses: _, layer2Conflicts: __, refusedPeers: ___, sessions = [], ...status } = speaker.status;
  const lastError = isLost ? 'Kubernetes has lost the node' : 'the speaker has ended';
  const idle = sessions.map((session) => ({ ...session, state: 'Idle' as const, lastError }));
  return { ...speaker, status: { ...status, sessions: idle } };
}
