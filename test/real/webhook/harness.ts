/**
 * Skycap's webhook as processes of their own, with the rights of its ServiceAccount, behind a real API server and the manifests as they are: only
 * the address that the API server calls it by is another, since there are no pods here.
 */
import { Agent, request } from 'node:https';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { KubeObject } from '../../../lib/api/meta/object.ts';
import type { Service } from '../../../lib/api/service/service.ts';
import type { EipClaim } from '../../../lib/api/skycap/claim.ts';
import type { HttpKubeClient } from '../../../lib/kube/http/http-client.ts';
import { EIP_CLAIMS, EIPS, type Resource, SERVICES } from '../../../lib/kube/resource.ts';
import { ALLOCATOR_USER } from '../../support/allocator-daemon.ts';
import { startComponent } from '../../support/component-daemon.ts';
import { ControlPlane, type ControlPlaneOptions } from '../../support/control-plane.ts';
import type { Daemon } from '../../support/daemon.ts';
import { eventually } from '../../support/eventually.ts';
import { freePorts } from '../../support/free-port.ts';

const ROOT = join(import.meta.dirname, '../../..');
const ADMIN = 'admin';
export const WEBHOOK_USER = 'system:serviceaccount:skycap-system:skycap-webhook';

export interface WebhookProcess {
  readonly daemon: Daemon;
  readonly port: number;
  /** Whether new connections are sent to it: what kube-proxy does for a pod that is ready. */
  isReady: boolean;
}

/** An answer of the API server with what kubectl prints as `Warning:`. */
export interface Answer {
  readonly status: number;
  readonly object: Service;
  readonly message: string;
  readonly warnings: readonly string[];
}

export class WebhookLab implements AsyncDisposable {
  readonly plane: ControlPlane;
  readonly client: HttpKubeClient;
  readonly webhooks: WebhookProcess[] = [];
  readonly #agent: Agent;
  #balancer: Server | undefined;
  #port = 0;
  #started = 0;

  private constructor(plane: ControlPlane) {
    this.plane = plane;
    this.client = plane.client();
    this.#agent = new Agent({ keepAlive: true, ca: plane.caPem });
  }

  /** @param count of webhook processes; the API server's connections are dealt out among them. */
  static async start(
    count: number,
    {
      env,
      users = [],
      isReplaceable = false,
      prepare = async () => {},
      ...options
    }: {
      readonly env?: NodeJS.ProcessEnv;
      readonly users?: readonly string[];
      /** The test ends webhooks and starts others: the API server is not told of one process's own address. */
      readonly isReplaceable?: boolean;
      /** Starts webhooks of its own, before the API server is told where they are. */
      readonly prepare?: (lab: WebhookLab) => Promise<void>;
    } & Pick<ControlPlaneOptions, 'controllerManager'> = {},
  ): Promise<WebhookLab> {
    const plane = await ControlPlane.start({ users: [WEBHOOK_USER, ALLOCATOR_USER, ...users], ...options });
    const lab = new WebhookLab(plane);
    try {
      await plane.kubectl(['apply', '-k', `${ROOT}/manifests`]);
      await plane.kubectl(['wait', '--for=condition=Established', 'crd', '--all']);
      await Promise.all(Array.from({ length: count }, () => lab.startWebhook(env)));
      await prepare(lab);
      await lab.#balance();
      const [only] = lab.webhooks;
      // A single webhook is called directly, so that the test measures its own time.
      await lab.register(count === 1 && !isReplaceable ? only?.port : undefined);
      return lab;
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  async startWebhook(env: NodeJS.ProcessEnv = {}): Promise<WebhookProcess> {
    const name = `webhook-${++this.#started}`;
    const { daemon, port } = await startComponent({
      plane: this.plane,
      user: WEBHOOK_USER,
      name,
      program: 'webhook/main.ts',
      logFile: join(this.plane.dir, `${name}.log`),
      listensBy: 'SKYCAP_LISTEN_ADDRESS',
      env: {
        POD_NAMESPACE: 'skycap-system',
        SKYCAP_EXTRA_NAMES: '127.0.0.1',
        SKYCAP_DRAIN_SECONDS: '1',
        ...env,
      },
    });
    const webhook = { daemon, port, isReady: true };
    this.webhooks.push(webhook);
    return webhook;
  }

  /** A request as an administrator, for the tests that look at warnings and messages. */
  send(method: string, path: string, body?: object): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${this.plane.user(ADMIN).token}`, 'content-type': 'application/json' };
      const { port } = this.plane;
      const sent = request({ host: '127.0.0.1', port, agent: this.#agent, method, path, headers }, async (response) => {
        let text = '';
        for await (const chunk of response) text += chunk;
        const object = JSON.parse(text);
        const raw = response.headersDistinct.warning ?? [];
        const warnings = raw.map((line) => JSON.parse(line.slice(line.indexOf('"'))) as string);
        resolve({ status: response.statusCode ?? 0, object, message: object.message ?? '', warnings });
      });
      sent.on('error', reject);
      sent.end(body && JSON.stringify(body));
    });
  }

  createService(one: Service, query = ''): Promise<Answer> {
    return this.send('POST', `/api/v1/namespaces/${one.metadata.namespace}/services${query}`, one);
  }

  replaceService(one: Service, query = ''): Promise<Answer> {
    const { namespace, name } = one.metadata;
    return this.send('PUT', `/api/v1/namespaces/${namespace}/services/${name}${query}`, one);
  }

  /** Counters of a webhook: the sum over those whose line matches. */
  async metric(webhook: WebhookProcess, line: RegExp): Promise<number> {
    const text = await new Promise<string>((resolve, reject) => {
      // The CA is the webhook's own; who is asked is known by its port.
      const options = { host: '127.0.0.1', port: webhook.port, path: '/metrics', rejectUnauthorized: false };
      request(options, async (response) => {
        let all = '';
        for await (const chunk of response) all += chunk;
        resolve(all);
      })
        .on('error', reject)
        .end();
    });
    return text
      .split('\n')
      .filter((one) => line.test(one))
      .reduce((sum, one) => sum + Number(one.slice(one.lastIndexOf(' '))), 0);
  }

  /** The lines that a webhook logged. */
  logOf(webhook: WebhookProcess): Record<string, unknown>[] {
    return webhook.daemon
      .tail()
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line));
  }

  /** Listens in the webhooks' place, and deals out the connections among those that are ready. */
  async #balance(): Promise<void> {
    let turn = 0;
    this.#balancer = createServer((socket) => {
      const live = this.webhooks.filter(({ daemon, isReady }) => isReady && daemon.exited === undefined);
      const target = live[turn++ % Math.max(live.length, 1)];
      if (!target) return socket.destroy();
      const onward = connect({ host: '127.0.0.1', port: target.port, noDelay: true });
      socket.setNoDelay(true).pipe(onward).pipe(socket);
      for (const [one, other] of [
        [socket, onward],
        [onward, socket],
      ] as const) {
        one.on('error', () => other.destroy());
        one.on('close', () => other.destroy());
      }
      return undefined;
    });
    const [port = 0] = await freePorts(1);
    await new Promise<void>((resolve) => this.#balancer?.listen(port, '127.0.0.1', resolve));
    this.#port = port;
  }

  /** Tells the API server, whose configurations are as installed, where the webhooks are, and waits until it asks them. */
  async register(port = this.#port): Promise<void> {
    for (const [kind, path] of [
      ['mutating', '/mutate'],
      ['validating', '/validate'],
    ] as const) {
      const value = { url: `https://127.0.0.1:${port}${path}` };
      const ops = [{ op: 'replace', path: '/webhooks/0/clientConfig', value }];
      await this.plane.kubectl([
        'patch',
        `${kind}webhookconfiguration`,
        'skycap',
        '--type=json',
        '-p',
        JSON.stringify(ops),
      ]);
    }
    await eventually(
      async () => {
        const broken = this.webhooks.find(({ daemon, isReady }) => isReady && daemon.exited !== undefined);
        if (broken)
          throw new Error(`Cannot go on: ${broken.daemon.name} ${broken.daemon.exited}: ${broken.daemon.tail()}`);
        const probe = service('probe', {});
        const { annotations = {} } = (await this.client.create(SERVICES, probe, { dryRun: true })).metadata;
        if (!annotations['skycap.io/waiting-since'] && !annotations['skycap.io/addresses'])
          throw new Error('the API server does not ask yet');
      },
      { withinMs: 60_000, everyMs: 100 },
    );
  }

  /** Applies YAML or JSON as an administrator. */
  apply(manifest: string | object): Promise<string> {
    const text = typeof manifest === 'string' ? manifest : JSON.stringify(manifest);
    return this.plane.kubectl(['apply', '-f', '-'], text);
  }

  /** Creates an Eip and waits until the webhooks count with it. */
  async eip(name: string, address: string, spec: object = {}, metadata: object = {}): Promise<void> {
    await this.apply({
      apiVersion: 'network.kubesphere.io/v1alpha2',
      kind: 'Eip',
      metadata: { name, ...metadata },
      spec: { address, ...spec },
    });
    await this.untilInStep('eips');
  }

  async deleteEip(name: string): Promise<void> {
    const body = { metadata: { annotations: { 'skycap.io/release-addresses': 'true' } } };
    await this.client.patch(EIPS, { name }, body, { type: 'merge' });
    await this.client.delete(EIPS, { name });
    await this.untilInStep('eips');
  }

  /** Waits until every webhook has as many of these objects in its cache as there are. */
  async untilInStep(plural: 'eips' | 'eipclaims'): Promise<void> {
    const resource: Resource<KubeObject> = plural === 'eips' ? EIPS : EIP_CLAIMS;
    const cached = new RegExp(`^skycap_reflector_objects\\{reflector="${plural}"`);
    const live = this.webhooks.filter(({ daemon }) => daemon.exited === undefined);
    await eventually(async () => {
      const { length } = (await this.client.list(resource)).items;
      for (const webhook of live) {
        const known = await this.metric(webhook, cached);
        if (known !== length)
          throw new Error(`Cannot go on: ${webhook.daemon.name} knows ${known} of ${length} ${plural}`);
      }
    });
  }

  async claims(): Promise<readonly EipClaim[]> {
    return (await this.client.list(EIP_CLAIMS)).items;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.webhooks.map(({ daemon }) => daemon.kill()));
    await new Promise((resolve) => (this.#balancer ? this.#balancer.close(resolve) : resolve(undefined)));
    await this.plane[Symbol.asyncDispose]();
  }
}

/** A Service of ours. */
export function service(name: string, annotations: Record<string, string> = {}, spec: Service['spec'] = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default', annotations: { 'lb.kubesphere.io/v1alpha1': 'openelb', ...annotations } },
    spec: { type: 'LoadBalancer', selector: { app: name }, ports: [{ port: 80, protocol: 'TCP' }], ...spec },
  };
}

/** What Skycap says of a Service: `198.51.100.7 web`, or `waiting`. */
export function marksText({ metadata: { annotations, labels } }: KubeObject): string {
  const addresses = annotations?.['skycap.io/addresses'];
  const managed = [
    ...(addresses ? [`${addresses} ${labels?.['eip.openelb.kubesphere.io/v1alpha2']}`] : []),
    ...(annotations?.['skycap.io/waiting-since'] ? ['waiting'] : []),
  ];
  return managed.join(' ') || 'nothing';
}
