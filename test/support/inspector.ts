/**
 * Looks into a Node process from outside by its inspector (`--inspect=127.0.0.1:0`): garbage collected by force, so that what is left is in use, and
 * expressions evaluated. The process's own code knows nothing of it.
 */
import { readFileSync } from 'node:fs';
import { WebSocket } from 'undici';
import { eventually } from './eventually.ts';

interface Reply {
  readonly id?: number;
  readonly error?: { readonly message: string };
  readonly result?: {
    readonly result?: { readonly value?: unknown };
    readonly exceptionDetails?: { readonly text: string };
  };
}

/** For NODE_OPTIONS of the process. */
export const INSPECT = '--inspect=127.0.0.1:0';

export class Inspector implements Disposable {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #calls = 0;

  /** @param logFile with the process's standard error, where Node says on which port it listens. */
  static async connect(logFile: string, withinMs = 20_000): Promise<Inspector> {
    const url = await eventually(
      () => {
        const found = /Debugger listening on (ws:\S+)/.exec(readFileSync(logFile, 'utf8'))?.[1];
        if (!found) throw new Error(`Cannot inspect: ${logFile} names no port`);
        return found;
      },
      { withinMs },
    );
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true });
      socket.addEventListener('error', () => reject(new Error(`Cannot inspect: ${url} does not answer`)), {
        once: true,
      });
    });
    return new Inspector(socket);
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const reply = JSON.parse(String(data)) as Reply;
      if (reply.id !== undefined) this.#waiting.get(reply.id)?.(reply);
    });
    socket.addEventListener('close', () => {
      for (const answer of this.#waiting.values()) answer({ error: { message: 'the process is gone' } });
    });
  }

  async collectGarbage(): Promise<void> {
    await this.#call('HeapProfiler.collectGarbage', {});
  }

  /** @returns the expression's value, which must be one that JSON has. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result } = await this.#call('Runtime.evaluate', { expression, returnByValue: true });
    if (result?.exceptionDetails) throw new Error(`Cannot evaluate "${expression}": ${result.exceptionDetails.text}`);
    return result?.result?.value as T;
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  async #call(method: string, params: object): Promise<Reply> {
    const id = ++this.#calls;
    const reply = await new Promise<Reply>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
    this.#waiting.delete(id);
    if (reply.error) throw new Error(`Cannot inspect: ${method}: ${reply.error.message}`);
    return reply;
  }
}
