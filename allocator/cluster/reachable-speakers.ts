/**
 * The Speakers. A Speaker that cannot update its own status any more has no session and no address here:
 *
 * - of nodes that Kubernetes has lost: where the kubelet is silent, the Node's condition Ready becomes Unknown (kube-controller-manager's
 *   `node-monitor-grace-period`, 50 s). The object of a node without power stays until its Node is deleted;
 * - of speakers that were told to end, which report `stopping` and then nothing until they are started again;
 * - of nodes on which no pod of the speaker is any more, which count as told to end. Where no such pod was ever seen, nothing is known of pods.
 *
 * A speaker whose container does not run, since it ends again and again or cannot be started, answers for no address. BIRD beside it goes on with its sessions.
 */
import type { Node, Pod } from '../../lib/api/service/service.ts';
import type { SpeakerObject } from '../../lib/api/skycap/speaker-types.ts';
import { iterable } from '../../lib/kube/cache/iterable.ts';
import type { Change, Store } from '../../lib/kube/cache/store.ts';
import { StoreReaders } from '../../lib/kube/cache/store-readers.ts';
import type { Logger } from '../../lib/process/log.ts';
import { heard, type Silence, silenceOf } from '../../lib/reach/heard-speaker.ts';

export interface ReachableSources {
  readonly said: Store<SpeakerObject>;
  readonly nodes: Store<Node>;
  /** Of the speaker. */
  readonly pods: Store<Pod>;
}

export class ReachableSpeakers implements Store<SpeakerObject> {
  readonly #sources: ReachableSources;
  readonly #readers: StoreReaders<SpeakerObject>;
  /** Keys of pods, by node; empty where there was one. */
  readonly #podsOn = new Map<string, Set<string>>();
  /** As of the last change. */
  readonly #silences = new Map<string, Silence>();
  #hadPods = false;

  constructor(sources: ReachableSources, log: Logger) {
    this.#sources = sources;
    this.#readers = new StoreReaders(log);
    sources.said.subscribe((change) => this.#onSaid(change));
    sources.nodes.subscribe(({ key }) => this.#lookAt([key]));
    sources.pods.subscribe((change) => this.#onPod(change));
  }

  get synced(): boolean {
    return Object.values(this.#sources).every(({ synced }) => synced);
  }

  get size(): number {
    return this.#sources.said.size;
  }

  silentForMs(): number {
    return Math.max(...Object.values(this.#sources).map((source) => source.silentForMs()));
  }

  get(key: string): SpeakerObject | undefined {
    const speaker = this.#sources.said.get(key);
    return speaker && heard(speaker, this.#silenceOf(key));
  }

  values(): Iterable<SpeakerObject> {
    return iterable(() => this.#heard());
  }

  *#heard(): Generator<SpeakerObject> {
    for (const speaker of this.#sources.said.values()) {
      yield heard(speaker, this.#silenceOf(speaker.metadata.name ?? ''));
    }
  }

  subscribe(listener: (change: Change<SpeakerObject>) => void): void {
    this.#readers.subscribe(listener);
  }

  #onSaid(change: Change<SpeakerObject>): void {
    const silence = this.#silenceOf(change.key);
    if (change.type === 'deleted') this.#silences.delete(change.key);
    else this.#silences.set(change.key, silence);
    const object = heard(change.object, silence);
    this.#readers.tell([
      change.type === 'modified' ? { ...change, object, old: heard(change.old, silence) } : { ...change, object },
    ]);
  }

  #onPod(change: Change<Pod>): void {
    const pods = change.type === 'modified' ? [change.old, change.object] : [change.object];
    const nodes = pods.flatMap(({ spec }) => spec?.nodeName ?? []);
    for (const node of nodes) this.#podsOn.get(node)?.delete(change.key);
    const { nodeName } = change.object.spec ?? {};
    if (change.type !== 'deleted' && nodeName !== undefined) {
      this.#podsOn.set(nodeName, (this.#podsOn.get(nodeName) ?? new Set()).add(change.key));
    }
    const hasPods = this.#sources.pods.size > 0;
    const isAboutAll = hasPods !== this.#hadPods;
    this.#hadPods = hasPods;
    this.#lookAt(isAboutAll ? [...this.#silences.keys()] : nodes);
  }

  #lookAt(names: readonly string[]): void {
    for (const key of names) {
      const speaker = this.#sources.said.get(key);
      const before = this.#silences.get(key);
      const silence = this.#silenceOf(key);
      if (!speaker || before === silence) continue;
      this.#silences.set(key, silence);
      this.#readers.tell([{ type: 'modified', key, old: heard(speaker, before), object: heard(speaker, silence) }]);
    }
  }

  #silenceOf(name: string): Silence {
    const { nodes, pods } = this.#sources;
    const keys = this.#podsOn.get(name);
    const isKnown = keys !== undefined || pods.size > 0;
    return silenceOf(nodes.get(name), isKnown ? [...(keys ?? [])].flatMap((key) => pods.get(key) ?? []) : undefined);
  }
}
