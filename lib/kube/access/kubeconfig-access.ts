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
/** client-node's context for localhost:8080, as kubectl's of old, if there is neither a kubeconfig nor a pod's ServiceAccount. */
const NO_KUBECONFIG = 'loaded-context';

/** @param context of the kubeconfig. @default its current context */
export function kubeconfigAccess(from: KubeconfigFrom, nowMs: () => number, context?: string): AccessSource {
  let config: KubeConfig | undefined;
  const read = async (): Promise<Access> => {
    config ??= await load(from, context);
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

/** The namespace of the context, if the context has one. @throws if the kubeconfig has no such context. */
export async function kubeconfigNamespace(from: KubeconfigFrom, context?: string): Promise<string | undefined> {
  const config = await load(from, context);
  return config.getContextObject(config.getCurrentContext())?.namespace;
}

async function load(from: KubeconfigFrom, context: string | undefined): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const config = new KubeConfig();
  try {
    if (from === 'default') config.loadFromDefault();
    else if ('path' in from) config.loadFromFile(from.path);
    else config.loadFromString(from.text);
  } catch (cause) {
    throw new Error(`Cannot use the kubeconfig: ${(cause as Error).message}`, { cause });
  }
  if (config.getCurrentContext() === NO_KUBECONFIG) {
    throw new Error('Cannot use the kubeconfig: KUBECONFIG is not set, and ~/.kube/config does not exist');
  }
  if (context !== undefined) {
    if (!config.getContextObject(context)) throw new Error(`Cannot use the kubeconfig: it has no context "${context}"`);
    config.setCurrentContext(context);
  }
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
