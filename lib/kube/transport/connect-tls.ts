/**
 * A TLS connection to the API server, with HTTP/2 offered by ALPN (RFC 7301).
 *
 * While the network is silent, a further attempt starts every while beside those that hang: once the network is back, the latest attempt succeeds at once, and the
 * first would wait for the kernel's next retransmission. The first attempt with a result decides.
 */
import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import type { Access } from '../access/access.ts';

export interface ConnectTiming {
  /** @default 5 s for TCP and TLS together, all attempts included. */
  readonly connectTimeoutMs?: number;
  /** @default 1.2 s until the next attempt starts. */
  readonly connectStaggerMs?: number;
}

/** The kernel's own sign of life, for HTTP/1.1; as client-go. */
const TCP_KEEPALIVE_MS = 30_000;
const TIMEOUT_MS = 5_000;
const STAGGER_MS = 1_200;

export function connectTls(access: Access, timing: ConnectTiming = {}): Promise<TLSSocket> {
  const { connectTimeoutMs: timeoutMs = TIMEOUT_MS, connectStaggerMs: staggerMs = STAGGER_MS } = timing;
  return new Promise((resolve, reject) => {
    const attempts = new Set<TLSSocket>();
    const settle = (): void => {
      clearTimeout(giveUp);
      clearInterval(another);
      for (const socket of attempts) socket.destroy();
    };
    const fail = (error: Error): void => {
      settle();
      reject(error);
    };
    const start = (): void => {
      const socket = open(access);
      attempts.add(socket);
      socket.on('error', fail);
      socket.once('secureConnect', () => {
        attempts.delete(socket);
        socket.off('error', fail);
        settle();
        resolve(socket);
      });
    };
    const giveUp = setTimeout(() => fail(new Error(`no connection within ${timeoutMs / 1000} s`)), timeoutMs);
    const another = setInterval(start, staggerMs);
    start();
  });
}

function open(access: Access): TLSSocket {
  const host = access.server.hostname.replace(/^\[|\]$/g, '');
  const socket = connect({
    host,
    port: Number(access.server.port || 443),
    ALPNProtocols: ['h2', 'http/1.1'],
    // An address is not allowed as a server name (RFC 6066 §3).
    ...(isIP(host) === 0 && { servername: host }),
    ...access.tls,
  });
  return socket.setNoDelay(true).setKeepAlive(true, TCP_KEEPALIVE_MS);
}
