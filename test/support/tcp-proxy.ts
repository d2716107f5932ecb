/**
 * A TCP proxy in front of the API server whose connections a test can break in the ways that networks do: half-open (no byte, no FIN, no RST),
 * reset, refused. It sees nothing of what passes, TLS goes through to the API server.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePorts } from './free-port.ts';

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  /** Nothing passes any more, ever: what hung half-open does not come back. */
  frozen: boolean;
}

export class TcpProxy implements AsyncDisposable {
  readonly #targetPort: number;
  readonly #host: string;
  readonly #pairs = new Set<Pair>();
  #listener: Server | undefined;
  #port = 0;
  #freezing = false;
  #accepted = 0;

  private constructor(targetPort: number, host: string) {
    this.#targetPort = targetPort;
    this.#host = host;
  }

  /** @param port where to listen; a free one without it. */
  static async start(targetPort: number, port?: number, host = '127.0.0.1'): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort, host);
    proxy.#port = port ?? (await freePorts(1))[0]!;
    await proxy.accept();
    return proxy;
  }

  /** As the server of a kubeconfig. */
  get url(): string {
    return `https://${this.#host}:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  /** Connections accepted since the start. */
  get accepted(): number {
    return this.#accepted;
  }

  get open(): number {
    return this.#pairs.size;
  }

  /** From now on no byte passes, in connections that are open nor in new ones; nobody is told. */
  freeze(): void {
    this.#freezing = true;
    for (const pair of this.#pairs) pair.frozen = true;
  }

  /** New connections work again; those that were frozen stay dead. */
  thaw(): void {
    this.#freezing = false;
  }

  /** Every open connection gets a RST. */
  reset(): void {
    for (const pair of this.#pairs) {
      pair.client.resetAndDestroy();
      pair.server.destroy();
    }
  }

  /** New connections are refused (nothing listens), open ones go on. */
  async refuse(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    // Its callback waits for all connections to end, which is not meant here.
    listener?.close();
  }

  /** Listens again. */
  async accept(): Promise<void> {
    if (this.#listener) return;
    const listener = createServer((client) => this.#pass(client));
    this.#listener = listener;
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(this.#port, this.#host, resolve);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.refuse();
    for (const pair of this.#pairs) {
      pair.client.destroy();
      pair.server.destroy();
    }
  }

  #pass(client: Socket): void {
    this.#accepted++;
    const pair: Pair = { client, server: connect(this.#targetPort, '127.0.0.1'), frozen: this.#freezing };
    this.#pairs.add(pair);
    this.#forward(pair, client, pair.server);
    this.#forward(pair, pair.server, client);
  }

  #forward(pair: Pair, from: Socket, to: Socket): void {
    from.setNoDelay(true);
    from.on('data', (bytes) => pair.frozen || to.write(bytes));
    // An end that is frozen is not told to the other side.
    from.on('end', () => pair.frozen || to.end());
    from.on('error', () => {});
    from.on('close', () => {
      if (!pair.frozen) to.destroy();
      if (pair.client.destroyed) {
        pair.server.destroy();
        this.#pairs.delete(pair);
      }
    });
  }
}
