/** The port through which {@link HttpKubeClient} gets the API server's address and its credentials. */

export interface TlsMaterial {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly passphrase?: string;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

export interface Access {
  readonly server: URL;
  /** Lower-case names; `authorization` and, for an impersonated user, `impersonate-user`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsMaterial;
}

export interface AccessSource {
  /** Credentials for the next request; cheap enough for each request. */
  current(): Promise<Access>;
  /** The API server rejected the credentials: read everything again. */
  refresh(): Promise<Access>;
}

/** Fixed credentials, for tests and tools. */
export function fixedAccess(access: {
  readonly server: string;
  readonly token?: string;
  readonly tls?: TlsMaterial;
}): AccessSource {
  const headers: Record<string, string> = access.token ? { authorization: `Bearer ${access.token}` } : {};
  const value: Access = { server: new URL(access.server), headers, tls: access.tls ?? {} };
  return { current: async () => value, refresh: async () => value };
}

/** Whether two accesses may share a connection. The token is sent with each request and does not count. */
export function sameEndpoint(a: Access, b: Access): boolean {
  const names = ['ca', 'cert', 'key', 'passphrase', 'servername', 'rejectUnauthorized'] as const;
  return a.server.href === b.server.href && names.every((name) => String(a.tls[name]) === String(b.tls[name]));
}

/** Calls `read` at most once in `maxAgeMs`, for files that are rotated. If reading fails, the last result is used: the file may be in the middle of its rotation. */
export function cachedAccess(
  read: () => Promise<Access>,
  options: { readonly maxAgeMs: number; readonly nowMs: () => number },
): AccessSource {
  let last: { readonly access: Access; readonly atMs: number } | undefined;
  let reading: Promise<Access> | undefined;

  const readAnew = async (): Promise<Access> => {
    try {
      const access = await read();
      last = { access, atMs: options.nowMs() };
      return access;
    } catch (error) {
      if (!last) throw error;
      return last.access;
    } finally {
      reading = undefined;
    }
  };
  const refresh = (): Promise<Access> => {
    reading ??= readAnew();
    return reading;
  };
  return {
    refresh,
    current: () => {
      if (reading) return reading;
      return last && options.nowMs() - last.atMs < options.maxAgeMs ? Promise.resolve(last.access) : refresh();
    },
  };
}
