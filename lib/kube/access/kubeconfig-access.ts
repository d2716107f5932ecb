/**
 * The credentials of a kubeconfig, by client-node's KubeConfig: tokens, token files, client certificates, exec plugins, OIDC, impersonation.
 *
 * Only its module `config.js` is loaded, and only for a kubeconfig: the whole package takes 85 MB.
 */
import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { type Access, type AccessSource, cachedAccess, type TlsMaterial } from './access.ts';

/** The kubeconfig: its text, its path, or the usual places (KUBECONFIG, ~/.kube/config). */
export type KubeconfigFrom = { readonly text: string } | { readonly path: string } | 'default';

/** Exec plugins and token files have their own caches behind this one. */
const MAX_AGE_MS = 10_000;

export function kubeconfigAccess(from: KubeconfigFrom, nowMs: () => number): AccessSource {
  let config: KubeConfig | undefined;
  const read = async (): Promise<Access> => {
    config ??= await load(from);
    return accessOf(config);
  };
  const cached = cachedAccess(read, { maxAgeMs: MAX_AGE_MS, nowMs });
  return {
    current: cached.current,
    refresh: () => {
      // A new KubeConfig has none of the old one's tokens in its caches.
      config = undefined;
      return cached.refresh();
    },
  };
}

async function load(from: KubeconfigFrom): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const config = new KubeConfig();
  if (from === 'default') config.loadFromDefault();
  else if ('path' in from) config.loadFromFile(from.path);
  else config.loadFromString(from.text);
  return config;
}

async function accessOf(config: KubeConfig): Promise<Access> {
  const cluster = config.getCurrentCluster();
  if (!cluster) {
    throw new Error(`Cannot use the kubeconfig: it has no cluster for its context "${config.getCurrentContext()}"`);
  }
  if (cluster.proxyUrl) {
    throw new Error(
      `Cannot use the kubeconfig: proxy-url "${cluster.proxyUrl}" is set, and Skycap connects directly only`,
    );
  }
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  return { server: new URL(cluster.server), headers: headersOf(options), tls: tlsOf(options) };
}

function headersOf(options: RequestOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) headers[name.toLowerCase()] = String(value).trim();
  if (options.auth) headers.authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  return headers;
}

function tlsOf(options: RequestOptions): TlsMaterial {
  const { ca, cert, key, passphrase, servername, rejectUnauthorized } = options;
  // KubeConfig sets single values only, never the lists that the type allows.
  return {
    ...(ca && { ca: ca as Buffer }),
    ...(cert && { cert: cert as Buffer }),
    ...(key && { key: key as Buffer }),
    ...(passphrase !== undefined && { passphrase }),
    ...(servername !== undefined && { servername }),
    ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
  };
}
