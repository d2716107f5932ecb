/**
 * Watches BIRD itself: whether it is there, and each change of a session, by a connection of its own on which `echo` is on.
 *
 * Protocols have `debug { states }`, so BIRD says at once `skycap_peer_a: State changed to up`. What changed is then asked for as a
 * whole: an event is a reason to look, nothing more.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type BirdConnectionOptions, BirdLink, BirdUnreachableError } from './control.ts';

export interface BirdWatcher {
  /** BIRD can be asked (again). It may be a fresh one that lost everything, or the one that was there all the time. */
  onConnected(): void;
  /** Called once for each loss, and once where BIRD is not there at first. */
  onDisconnected(error: unknown): void;
  /** A protocol changed its state, or BIRD logged something. @param line what BIRD said. */
  onChange(line: string): void;
}

/** BIRD starts as soon as its first configuration is there; looked for often, as it costs one system call. */
const RECONNECT_MS = 100;

/** Runs until `signal` aborts. */
export async function watchBird(
  options: BirdConnectionOptions,
  watcher: BirdWatcher,
  signal: AbortSignal,
): Promise<void> {
  let isReachable: boolean | undefined;
  while (!signal.aborted) {
    try {
      const link = await BirdLink.open(options, signal);
      const ended = Promise.withResolvers<never>();
      link.onClose = ended.reject;
      link.onEcho = (line) => watcher.onChange(line);
      const stop = () => link.close(new BirdUnreachableError('Cannot watch BIRD: stopped'));
      signal.addEventListener('abort', stop, { once: true });
      await Promise.race([link.ask('echo all', signal), ended.promise]);
      isReachable = true;
      watcher.onConnected();
      await ended.promise.finally(() => signal.removeEventListener('abort', stop));
    } catch (error) {
      if (signal.aborted) return;
      if (isReachable !== false) watcher.onDisconnected(error);
      isReachable = false;
    }
    await sleep(RECONNECT_MS, undefined, { signal }).catch(() => undefined);
  }
}
