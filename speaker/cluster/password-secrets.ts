/**
 * The Secrets of Skycap's namespace that BgpPeers name, each watched by its name alone: a Role can name what a speaker may read. They are kept apart from the
 * stores, as no other session and no route waits for one.
 */
import { once } from 'node:events';
import type { SecretState } from '../../lib/api/bgp/peer/secret-password.ts';
import type { Secret } from '../../lib/api/service/service.ts';
import { Reflector } from '../../lib/kube/cache/reflector.ts';
import type { KubeWatcher } from '../../lib/kube/client.ts';
import { SECRETS } from '../../lib/kube/resource.ts';
import type { Logger } from '../../lib/process/log.ts';

export interface PasswordSecretsOptions {
  readonly client: KubeWatcher;
  readonly namespace: string;
  readonly log: Logger;
  /** A Secret was read, changed or refused. */
  readonly onChange: () => void;
}

interface Watched {
  readonly reflector: Reflector<Secret>;
  readonly stop: AbortController;
  readonly running: Promise<void>;
}

export class PasswordSecrets {
  readonly #options: PasswordSecretsOptions;
  readonly #watched = new Map<string, Watched>();
  #signal: AbortSignal | undefined;

  constructor(options: PasswordSecretsOptions) {
    this.#options = options;
  }

  /** Watches these, and no others any more. @returns what is known of each. */
  take(names: Iterable<string>): ReadonlyMap<string, SecretState> {
    const wanted = new Set(names);
    for (const [name, { stop }] of this.#watched) {
      if (wanted.has(name)) continue;
      stop.abort();
      this.#watched.delete(name);
    }
    for (const name of wanted) if (!this.#watched.has(name)) this.#watch(name);
    return new Map([...wanted].map((name) => [name, this.#stateOf(name)]));
  }

  /** Resolves when `signal` has aborted. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    this.#options.onChange();
    if (!signal.aborted) await once(signal, 'abort');
    for (const { stop } of this.#watched.values()) stop.abort();
    await Promise.all([...this.#watched.values()].map(({ running }) => running));
  }

  #watch(name: string): void {
    if (!this.#signal || this.#signal.aborted) return;
    const { client, namespace, log, onChange } = this.#options;
    const fieldSelector = `metadata.name=${name}`;
    const reflector = new Reflector({
      client,
      resource: SECRETS,
      namespace,
      fieldSelector,
      name: `secret ${name}`,
      log,
      onFailure: onChange,
    });
    const stop = new AbortController();
    reflector.subscribe(onChange);
    void reflector.waitForSync(stop.signal).then(onChange);
    this.#watched.set(name, { reflector, stop, running: reflector.run(stop.signal) });
  }

  #stateOf(name: string): SecretState {
    const { reflector } = this.#watched.get(name) ?? {};
    const secret = reflector?.get(`${this.#options.namespace}/${name}`);
    if (secret) return { kind: 'found', data: secret.data ?? {} };
    if (reflector?.synced) return { kind: 'missing' };
    return { kind: reflector?.failureCode === '403' ? 'forbidden' : 'unread' };
  }
}
