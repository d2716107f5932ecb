/**
 * BIRD's control protocol, read incrementally (doc/reply_codes in BIRD's source).
 *
 *     CCCC-text   a line of the reply, more follows       0002-Reading configuration from bird.conf
 *     CCCC text   its last line                           0003 Reconfigured
 *      text       a line with the code of the one before
 *     +text       an event, between or within replies, after the command `echo`
 *
 * Codes: 0 to 999 success, 1000 to 7999 data, 8000 to 8999 the command failed, 9000 and above it was not understood.
 */

export interface ReplyLine {
  readonly code: number;
  readonly text: string;
}

export interface Reply {
  /** Of the last line: whether it worked. */
  readonly code: number;
  /** Text of the last line. */
  readonly text: string;
  /** All lines, the last included. */
  readonly lines: readonly ReplyLine[];
}

export type BirdEvent =
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'echo'; readonly text: string };

const FIRST_ERROR_CODE = 8000;
const LINE = /^([0-9]{4})([- ])(.*)$/s;

export function isError(reply: Reply): boolean {
  return reply.code >= FIRST_ERROR_CODE;
}

/** Feed it the text of the socket in any pieces; a piece may end anywhere. A line of no known form is kept as data, code 0. */
export class ReplyParser {
  #rest = '';
  #lines: ReplyLine[] = [];

  feed(chunk: string): BirdEvent[] {
    const pieces = (this.#rest + chunk).split('\n');
    this.#rest = pieces.pop() ?? '';
    return pieces.flatMap((line) => this.#readLine(line) ?? []);
  }

  #readLine(line: string): BirdEvent | undefined {
    if (line.startsWith('+')) return { kind: 'echo', text: line.slice(1) };
    const [, digits, separator, text = ''] = LINE.exec(line) ?? [];
    if (digits === undefined) {
      const code = this.#lines.at(-1)?.code ?? 0;
      this.#lines.push({ code, text: line.startsWith(' ') ? line.slice(1) : line });
      return undefined;
    }
    const code = Number(digits);
    const lines = [...this.#lines, { code, text }];
    if (separator === '-') {
      this.#lines.push({ code, text });
      return undefined;
    }
    this.#lines = [];
    return { kind: 'reply', reply: { code, text, lines } };
  }
}
