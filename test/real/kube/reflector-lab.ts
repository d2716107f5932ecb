/** What the Reflector's tests have: an API server, proxies in front of it, and reflectors that follow ConfigMaps of their own. */
import type { KubeObject } from '../../../lib/api/meta/object.ts';
import { Reflector, type ReflectorOptions } from '../../../lib/kube/cache/reflector.ts';
import { HttpKubeClient } from '../../../lib/kube/http/http-client.ts';
import type { Resource } from '../../../lib/kube/resource.ts';
import { ApiProxy } from '../../support/api-proxy.ts';
import { ADMIN, ControlPlane } from '../../support/control-plane.ts';
import { until } from '../../support/eventually.ts';
import { logSink } from '../../support/log-sink.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';

export interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}
export const CONFIG_MAPS: Resource<ConfigMap> = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
};
export const NAMESPACE = 'default';
/** PINGs are tight, so that a test need not wait for the default 10 s; connecting has its defaults. */
export const TIMING = { pingIntervalMs: 300, pingTimeoutMs: 300, lateAfterMs: 300 };

export class ReflectorLab implements AsyncDisposable {
  readonly plane: ControlPlane;
  readonly admin: HttpKubeClient;
  /** What the running test has open; ended after it, last opened first, also where it failed. */
  open = new AsyncDisposableStack();
  #labels = 0;

  private constructor(plane: ControlPlane) {
    this.plane = plane;
    this.admin = plane.client();
  }

  static async start(): Promise<ReflectorLab> {
    return new ReflectorLab(await ControlPlane.start());
  }

  /** Of the next reflector. */
  get nextLabel(): string {
    return `t${this.#labels + 1}`;
  }

  /** After each test. */
  async close(): Promise<void> {
    await this.open.disposeAsync();
    this.open = new AsyncDisposableStack();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.plane[Symbol.asyncDispose]();
  }

  async tcpProxy(port?: number): Promise<TcpProxy> {
    return this.open.use(await TcpProxy.start(this.plane.port, port));
  }

  async apiProxy(options?: { readonly http1Only: boolean }): Promise<ApiProxy> {
    return this.open.use(await ApiProxy.start(this.plane, await this.plane.issue('api-proxy'), options));
  }

  /** A reflector of ConfigMaps with a label of its own, and the changes that it told. */
  async following(server: string, options: Partial<ReflectorOptions<ConfigMap>> = {}) {
    const label = this.nextLabel;
    this.#labels++;
    const { plane, admin, open } = this;
    const access = { server, token: plane.user(ADMIN).token, tls: { ca: plane.caPem } };
    const client = HttpKubeClient.fromToken(access, { component: 'test', requestTimeoutMs: 5_000, ...TIMING });
    const { log, lines } = logSink();
    const reflector = new Reflector<ConfigMap>({
      client,
      resource: CONFIG_MAPS,
      namespace: NAMESPACE,
      labelSelector: `test=${label}`,
      log,
      ...options,
    });
    const changes: string[] = [];
    reflector.subscribe((change) =>
      changes.push(`${change.type} ${change.object.metadata.name} ${change.object.data?.v ?? ''}`.trim()),
    );
    const stop = new AbortController();
    const running = reflector.run(stop.signal);
    const make = (name: string, v = '1'): Promise<ConfigMap> =>
      admin.create(CONFIG_MAPS, {
        metadata: { name: `${label}-${name}`, namespace: NAMESPACE, labels: { test: label } },
        data: { v },
      });
    const set = (name: string, v: string): Promise<ConfigMap> =>
      admin.patch(CONFIG_MAPS, { name: `${label}-${name}`, namespace: NAMESPACE }, { data: { v } }, { type: 'merge' });
    const remove = (name: string): Promise<void> =>
      admin.delete(CONFIG_MAPS, { name: `${label}-${name}`, namespace: NAMESPACE });
    const sees = (name: string, v: string, withinMs = 10_000): Promise<void> =>
      until(`${name}=${v}`, () => reflector.get(`${NAMESPACE}/${label}-${name}`)?.data?.v === v, {
        withinMs,
        everyMs: 5,
      });
    const end = async (): Promise<void> => {
      stop.abort(new Error('the test ends'));
      await running;
      await client.close();
    };
    open.defer(end);
    return { label, reflector, changes, lines, make, set, remove, sees, end };
  }
}
