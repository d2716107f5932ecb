/** A tar.gz that is written while its files come in, so that a large cluster does not fill the memory. Each file is redacted before. */
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { redactLog, redactValue } from './redact.ts';

async function* contentOf(chunks: AsyncIterable<unknown>): AsyncGenerator<unknown> {
  yield* chunks;
}

export class Archive {
  readonly #pack = pack();
  readonly #done: Promise<void>;
  readonly #folder: string;
  readonly #time: Date;
  #files = 0;
  #failure: unknown;

  /** @param folder the name of the folder in the archive. A file that exists is not overwritten: {@link close} throws. */
  constructor(path: string, folder: string, nowMs: number) {
    this.#folder = folder;
    this.#time = new Date(nowMs);
    const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
    this.#done = pipeline(contentOf(this.#pack), createGzip(), file);
    this.#done.catch((error: unknown) => {
      this.#failure = error;
    });
  }

  get files(): number {
    return this.#files;
  }

  addObject(name: string, value: unknown): Promise<void> {
    return this.#add(name, `${JSON.stringify(redactValue(value), undefined, 2)}\n`);
  }

  addText(name: string, text: string): Promise<void> {
    return this.#add(name, redactLog(text));
  }

  /** @throws if the archive could not be written. */
  async close(): Promise<void> {
    if (this.#failure) throw this.#failure;
    this.#pack.finalize();
    await this.#done;
  }

  async #add(name: string, text: string): Promise<void> {
    if (this.#failure) throw this.#failure;
    this.#files++;
    const bytes = Buffer.from(text);
    const header = { name: `${this.#folder}/${name}`, mtime: this.#time, mode: 0o600, size: bytes.length };
    const written = new Promise<void>((resolve, reject) => {
      this.#pack.entry(header, (error) => (error ? reject(error) : resolve())).end(bytes);
    });
    // If the disk is full, no file is ever written.
    await Promise.race([written, this.#done]);
  }
}
