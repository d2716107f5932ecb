/**
 * Brings a configuration to BIRD: stage → `bird -p` → rename → `configure` → read back.
 *
 * - A separate process parses it first. BIRD's parser has crashed on long strings, and that must not be the one that holds the sessions.
 *   Where only routes differ from what passed that check, it is left out: they are addresses, which no user spells, and it costs as much
 *   as all the rest together.
 * - The rename comes before `configure`: a BIRD that starts at any moment finds the newest configuration that was found good.
 * - What BIRD runs is asked of BIRD, by the fingerprint, never remembered: after a crash between two steps, ours or BIRD's, the next
 *   turn does what is missing, and a configuration that it runs already is not even sent.
 * - A configuration that was refused is not tried again; it stays in `bird.conf.refused` to be looked at, and the old one runs on. One whose check was
 *   killed was not refused.
 */
import { execFile } from 'node:child_process';
import { chmodSync, renameSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FINGERPRINT_PROTOCOL, type RenderedConfig } from './config/render.ts';
import { type BirdVersion, parseBirdVersion } from './config/version.ts';
import { BirdCommandError, type BirdControl, BirdUnreachableError } from './control.ts';

/** The BIRD that answers on the control socket. */
export interface RunningBird {
  readonly version: BirdVersion;
  /** Of the configuration it runs; absent where it has none of ours. */
  readonly fingerprint?: string;
}

export type ApplyOutcome =
  /** BIRD runs it already. */
  | { readonly kind: 'Unchanged' }
  | { readonly kind: 'Applied'; readonly durationMs: number }
  /** The old configuration runs on. `message` is BIRD's. */
  | { readonly kind: 'BirdRefused'; readonly message: string }
  /** To be tried again: the file cannot be written, and the old configuration runs on. */
  | { readonly kind: 'NotWritten'; readonly message: string }
  /** To be tried again. The configuration is in place for BIRD to find, unless its check was not finished. */
  | { readonly kind: 'BirdUnreachable'; readonly message: string };

export interface BirdDaemonOptions {
  readonly control: BirdControl;
  /** `bird`, or where it is. */
  readonly binary: string;
  /** Shared with BIRD's container. */
  readonly runDir: string;
}

/** `configure` may still be at work when it answers. */
const READ_BACK_MS = 5_000;
const READ_BACK_EVERY_MS = 20;
const CHECK_TIMEOUT_MS = 30_000;
/** Passwords stand in it. The group is that of the shared volume, which BIRD's container is in. */
const FILE_MODE = 0o640;
/** Too slow, or out of memory: that says nothing about the text. By any other signal it ended itself, on that text. */
const ENDED_FROM_OUTSIDE: readonly string[] = ['SIGTERM', 'SIGKILL'];
const LONGEST_MESSAGE = 500;
const STAGED = 'bird.conf.staged';
const NO_ANSWER = 'BIRD does not answer on its control socket; the log of container bird may say why';

interface Run {
  readonly ok: boolean;
  readonly wasEnded: boolean;
  readonly output: string;
}

export class BirdDaemon {
  readonly #options: BirdDaemonOptions;
  readonly #file: string;
  #binaryVersion: BirdVersion | undefined;
  /** Text of the file, read once and then written by us alone. */
  #onDisk: string | undefined;
  /** `frame` of the last configuration that BIRD's parser accepted. */
  #checkedFrame: string | undefined;
  #refused: { readonly fingerprint: string; readonly message: string } | undefined;

  constructor(options: BirdDaemonOptions) {
    this.#options = options;
    this.#file = join(options.runDir, 'bird.conf');
  }

  /** @returns undefined when BIRD can't be reached. */
  async running(signal: AbortSignal): Promise<RunningBird | undefined> {
    try {
      const fingerprint = await this.#runningFingerprint(signal);
      const version = this.#options.control.version ?? (await this.binaryVersion());
      return { version, ...(fingerprint && { fingerprint }) };
    } catch (error) {
      if (error instanceof BirdUnreachableError && !signal.aborted) return undefined;
      throw error;
    }
  }

  /** Of the program that checks configurations; the same image holds the BIRD that will run. */
  async binaryVersion(): Promise<BirdVersion> {
    if (!this.#binaryVersion) {
      const { output } = await this.#runBinary(['--version']);
      const version = parseBirdVersion(output);
      if (!version) throw new Error(`Cannot tell the version of "${this.#options.binary}": it said "${output.trim()}"`);
      this.#binaryVersion = version;
    }
    return this.#binaryVersion;
  }

  /** @param running as {@link running} answered just now. */
  async apply(config: RenderedConfig, running: RunningBird | undefined, signal: AbortSignal): Promise<ApplyOutcome> {
    if (this.#refused?.fingerprint === config.fingerprint)
      return { kind: 'BirdRefused', message: this.#refused.message };
    const startedAt = performance.now();
    const former = await this.#textOnDisk();
    const obstacle = former === config.text ? undefined : await this.#putInPlace(config, signal);
    if (obstacle) return obstacle;
    if (!running) return { kind: 'BirdUnreachable', message: NO_ANSWER };
    if (running.fingerprint === config.fingerprint) return { kind: 'Unchanged' };
    try {
      await this.#options.control.command('configure', signal);
    } catch (error) {
      if (signal.aborted) throw error;
      if (error instanceof BirdUnreachableError) return { kind: 'BirdUnreachable', message: error.message };
      if (!(error instanceof BirdCommandError)) throw error;
      // It passed the check and was refused all the same: a BIRD that starts anew shall not find it.
      this.#checkedFrame = undefined;
      if (former !== '' && former !== config.text) this.#write(former);
      return this.#refuse(config, error.reply.text);
    }
    return await this.#readBack(config, startedAt, signal);
  }

  async #textOnDisk(): Promise<string> {
    this.#onDisk ??= await readFile(this.#file, 'utf8').catch(() => '');
    return this.#onDisk;
  }

  /** Makes the file hold `text`, or says why not. */
  async #putInPlace(config: RenderedConfig, signal: AbortSignal): Promise<ApplyOutcome | undefined> {
    const { text, frame } = config;
    const staged = join(this.#options.runDir, STAGED);
    try {
      this.#stage(text);
    } catch (error) {
      return { kind: 'NotWritten', message: (error as Error).message };
    }
    if (frame !== this.#checkedFrame) {
      const check = await this.#runBinary(['-p', '-c', staged], signal);
      if (check.wasEnded) return { kind: 'BirdUnreachable', message: `the check was not finished: ${check.output}` };
      if (!check.ok) {
        renameSync(staged, `${this.#file}.refused`);
        return this.#refuse(config, check.output);
      }
      this.#checkedFrame = frame;
    }
    renameSync(staged, this.#file);
    this.#onDisk = text;
    return undefined;
  }

  #write(text: string): void {
    renameSync(this.#stage(text), this.#file);
    this.#onDisk = text;
  }

  /** At once: the files are in memory, and to have another thread do it takes longer than the writing, ten times a configuration. */
  #stage(text: string): string {
    const staged = join(this.#options.runDir, STAGED);
    writeFileSync(staged, text, { mode: FILE_MODE });
    // The umask may have removed bits.
    chmodSync(staged, FILE_MODE);
    return staged;
  }

  async #readBack(config: RenderedConfig, startedAt: number, signal: AbortSignal): Promise<ApplyOutcome> {
    const deadline = performance.now() + READ_BACK_MS;
    for (;;) {
      const now = await this.running(signal);
      if (now?.fingerprint === config.fingerprint)
        return { kind: 'Applied', durationMs: performance.now() - startedAt };
      if (performance.now() > deadline) {
        const message = `BIRD accepted the configuration and did not take it over in ${READ_BACK_MS} ms`;
        return { kind: 'BirdUnreachable', message };
      }
      await sleep(READ_BACK_EVERY_MS, undefined, { signal });
    }
  }

  #refuse(config: RenderedConfig, said: string): ApplyOutcome {
    const message =
      said.trim().replaceAll(`${this.#options.runDir}/`, '').slice(0, LONGEST_MESSAGE) || 'BIRD gave no reason';
    this.#refused = { fingerprint: config.fingerprint, message };
    return { kind: 'BirdRefused', message };
  }

  async #runningFingerprint(signal: AbortSignal): Promise<string | undefined> {
    try {
      const reply = await this.#options.control.command(`show protocols all ${FINGERPRINT_PROTOCOL}`, signal);
      return reply.lines.flatMap(({ text }) => /^\s*Description:\s+(\S+)\s*$/.exec(text)?.[1] ?? []).at(0);
    } catch (error) {
      // "No protocols match": a BIRD that was started by hand with something else.
      if (error instanceof BirdCommandError) return undefined;
      throw error;
    }
  }

  /** BIRD speaks on stderr, its version included. `output` of one that was killed says by what. */
  #runBinary(args: readonly string[], signal?: AbortSignal): Promise<Run> {
    const { promise, resolve, reject } = Promise.withResolvers<Run>();
    const options = { timeout: CHECK_TIMEOUT_MS, ...(signal && { signal }) };
    execFile(this.#options.binary, [...args], options, (error, stdout, stderr) => {
      if (error && (signal?.aborted || typeof error.code === 'string')) {
        reject(new Error(`Cannot run "${this.#options.binary}": ${error.message}`, { cause: error }));
      } else {
        const killed = error?.signal ? `bird was ended by ${error.signal}` : '';
        const wasEnded = ENDED_FROM_OUTSIDE.includes(error?.signal ?? '');
        resolve({ ok: !error, wasEnded, output: `${stdout}${stderr}${killed}` });
      }
    });
    return promise;
  }
}
