/** The credentials of a pod: the files of its ServiceAccount, which kubelet rotates (bound tokens live an hour). client-node offers the same, and takes 10 to 60 MB. */
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { type AccessSource, cachedAccess } from './access.ts';

export interface InClusterOptions {
  /** `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT`. */
  readonly host: string;
  readonly port: string;
  /** @default /var/run/secrets/kubernetes.io/serviceaccount */
  readonly folder?: string;
  readonly nowMs: () => number;
}

const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';
/** As client-go: a token is replaced long before it expires. */
const MAX_AGE_MS = 60_000;

export function inClusterAccess(options: InClusterOptions): AccessSource {
  const folder = options.folder ?? FOLDER;
  const host = isIPv6(options.host) ? `[${options.host}]` : options.host;
  const server = new URL(`https://${host}:${options.port}`);
  const read = async () => {
    const [token, ca] = await Promise.all([readText(join(folder, 'token')), readText(join(folder, 'ca.crt'))]);
    return { server, headers: { authorization: `Bearer ${token.trim()}` }, tls: { ca } };
  };
  return cachedAccess(read, { maxAgeMs: MAX_AGE_MS, nowMs: options.nowMs });
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new Error(`Cannot read the ServiceAccount file "${path}": ${(cause as Error).message}`, { cause });
  }
}
