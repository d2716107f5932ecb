/**
 * Splits a stream of bytes into lines, whatever the borders of its chunks. Pure.
 *
 * A watch has one JSON document in each line. Memory is bounded: a line longer than the limit is an error. Bytes are split, since a chunk may end within a UTF-8
 * character, and no character contains the byte of a newline.
 */

const NEWLINE = 0x0a;
/** The API server stores objects of at most 1.5 MiB (etcd's request limit), escaped JSON may be a few times that. */
export const LONGEST_LINE_BYTES = 16 * 1024 * 1024;

export class LineTooLongError extends Error {
  override readonly name = 'LineTooLongError';
}

export class LineSplitter {
  readonly #limitBytes: number;
  /** Pieces of the line that is not yet complete. */
  #rest: Uint8Array[] = [];
  #restBytes = 0;

  constructor(limitBytes: number = LONGEST_LINE_BYTES) {
    this.#limitBytes = limitBytes;
  }

  /**
   * @returns the lines that `chunk` completes, without their newline; empty lines are left out.
   * @throws {LineTooLongError} for a line beyond the limit, complete or not.
   */
  push(chunk: Uint8Array): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#keep(chunk.subarray(start, end));
      const line = this.#takeRest();
      if (line !== '') lines.push(line);
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
    return lines;
  }

  /** The text after the last newline: a truncated line, or nothing. */
  end(): string {
    return this.#takeRest();
  }

  #keep(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#restBytes += piece.length;
    if (this.#restBytes > this.#limitBytes) {
      throw new LineTooLongError(`Cannot read a line: it is longer than ${this.#limitBytes} bytes`);
    }
    this.#rest.push(piece);
  }

  #takeRest(): string {
    const line = Buffer.concat(this.#rest, this.#restBytes).toString('utf8');
    this.#rest = [];
    this.#restBytes = 0;
    return line;
  }
}
