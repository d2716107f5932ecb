/**
 * A real Kubernetes control plane for a test: etcd and kube-apiserver (and kube-controller-manager where asked) as plain processes on
 * loopback, with a CA of its own, token users, RBAC on. No nodes, no pods. It starts in about three seconds and takes all it made with it.
 *
 *     const plane = await ControlPlane.start({ users: ['system:serviceaccount:skycap-system:skycap-webhook'] });
 *     const kubeconfig = plane.kubeconfig('admin');
 *     await plane[Symbol.asyncDispose]();
 */
import { execFile } from 'node:child_process';
import { accessSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { HttpKubeClient } from '../../lib/kube/http/http-client.ts';
import { Daemon } from './daemon.ts';
import { eventually } from './eventually.ts';
import { freePorts } from './free-port.ts';
import { type PemPair, serviceAccountKeys, TestCa } from './pki.ts';

/** The user that may do everything. */
export const ADMIN = 'admin';
const CONTROLLER_MANAGER = 'system:kube-controller-manager';
const START_TIMEOUT_MS = 60_000;
const STARTS = 3;
const KUBECTL_OUTPUT_BYTES = 64 * 1024 * 1024;

export interface ControlPlaneOptions {
  /** Folder with etcd, kube-apiserver, kubectl. Default: where the environment says, see {@link findBinaries}. */
  readonly binDir?: string;
  /** Users beside `admin`. A name `system:serviceaccount:<namespace>:<name>` gets the groups of a ServiceAccount. */
  readonly users?: readonly (string | { readonly name: string; readonly groups: readonly string[] })[];
  /** Run kube-controller-manager too (endpoint slices, garbage collection, quota, default ServiceAccounts …). */
  readonly controllerManager?: boolean;
  readonly apiServerArgs?: readonly string[];
  readonly controllerManagerArgs?: readonly string[];
}

export interface ControlPlaneUser {
  readonly name: string;
  readonly groups: readonly string[];
  readonly token: string;
}

export class ControlPlane implements AsyncDisposable {
  /** A temporary folder that goes with the control plane; tests may put files of theirs here. */
  readonly dir: string;
  readonly caPem: string;
  readonly #binDir: string;
  readonly #options: ControlPlaneOptions;
  readonly #users: readonly ControlPlaneUser[];
  readonly #ca: TestCa;
  readonly #ports: { etcd: number; etcdPeer: number; api: number };
  readonly #clients: HttpKubeClient[] = [];
  #files = 0;
  #etcd: Daemon | undefined;
  #api: Daemon | undefined;
  #controllerManager: Daemon | undefined;

  private constructor(dir: string, ca: TestCa, ports: readonly number[], options: ControlPlaneOptions) {
    this.dir = dir;
    this.#ca = ca;
    this.caPem = ca.certPem;
    this.#options = options;
    this.#binDir = options.binDir ?? findBinaries();
    this.#users = usersFor(options);
    this.#ports = { etcd: ports[0]!, etcdPeer: ports[1]!, api: ports[2]! };
  }

  /** Resolves when the API server is ready (and the controller manager has made the default ServiceAccount, where there is one). */
  static async start(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
    for (let attempt = 1; ; attempt++) {
      const dir = await mkdtemp(join(tmpdir(), 'skycap-control-plane-'));
      const plane = new ControlPlane(dir, await TestCa.create(), await freePorts(3), options);
      try {
        await plane.#startAll();
        return plane;
      } catch (error) {
        await plane[Symbol.asyncDispose]();
        // A port may have been taken between the look and the bind.
        if (attempt === STARTS || !String(error).includes('address already in use')) throw error;
      }
    }
  }

  get port(): number {
    return this.#ports.api;
  }

  get url(): string {
    return `https://127.0.0.1:${this.#ports.api}`;
  }

  /** For looking at what it uses. */
  get apiServerPid(): number {
    return this.#running('kube-apiserver').pid;
  }

  user(name: string): ControlPlaneUser {
    const user = this.#users.find((u) => u.name === name);
    if (!user) throw new Error(`Cannot find user "${name}": name it in the options of the control plane`);
    return user;
  }

  /** A client of this user; the control plane closes it with itself. `server` as for {@link kubeconfig}. */
  client(userName: string = ADMIN, options: { readonly server?: string } = {}): HttpKubeClient {
    const access = { server: options.server ?? this.url, token: this.user(userName).token, tls: { ca: this.caPem } };
    const client = HttpKubeClient.fromToken(access, { component: 'test' });
    this.#clients.push(client);
    return client;
  }

  /** The text of a kubeconfig. `server` points it at a proxy of the test's (its certificate must be of this CA, see {@link issue}). */
  kubeconfig(userName: string = ADMIN, options: { readonly server?: string } = {}): string {
    return stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'test',
          cluster: { server: options.server ?? this.url, 'certificate-authority-data': base64(this.caPem) },
        },
      ],
      users: [{ name: 'user', user: { token: this.user(userName).token } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'user' } }],
      'current-context': 'test',
    });
  }

  /** The kubeconfig as a file, for what wants a path. */
  async kubeconfigFile(userName: string = ADMIN, options: { readonly server?: string } = {}): Promise<string> {
    const port = options.server ? `-${new URL(options.server).port}` : '';
    return this.#file(`${userName.replaceAll(':', '_')}${port}.kubeconfig`, this.kubeconfig(userName, options));
  }

  /** A certificate for 127.0.0.1 and localhost by the cluster's CA: for a proxy in front of the API server, or a webhook. */
  issue(commonName = 'test'): Promise<PemPair> {
    return this.#ca.issue({ commonName, dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'] });
  }

  /** For commands in a shell: kubectl is found, and speaks as admin. */
  async shellEnvironment(): Promise<NodeJS.ProcessEnv> {
    return { PATH: `${this.#binDir}:${process.env.PATH}`, KUBECONFIG: await this.kubeconfigFile() };
  }

  /** Runs kubectl as admin and returns what it printed. `input` goes to a file that stands for `-`. */
  async kubectl(args: readonly string[], input?: string): Promise<string> {
    const kubeconfig = await this.kubeconfigFile();
    const stdin = input === undefined ? undefined : await this.#file(`stdin-${++this.#files}.yaml`, input);
    const real = args.map((arg) => (arg === '-' && stdin ? stdin : arg));
    const { stdout } = await promisify(execFile)(join(this.#binDir, 'kubectl'), ['--kubeconfig', kubeconfig, ...real], {
      maxBuffer: KUBECTL_OUTPUT_BYTES,
    });
    return stdout;
  }

  /** Ends the API server at once (SIGKILL), as a crash would; etcd keeps everything. */
  async stopApiServer(): Promise<void> {
    await this.#api?.kill();
  }

  /** Starts it again on the same port; resolves when it is ready. */
  async startApiServer(): Promise<void> {
    const { etcd, api } = this.#ports;
    const file = (name: string): string => join(this.dir, name);
    this.#api = this.#daemon('kube-apiserver', [
      `--etcd-servers=http://127.0.0.1:${etcd}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${api}`,
      // Must not be a loopback address; with the reconciler off nothing uses it.
      '--advertise-address=192.0.2.1',
      '--endpoint-reconciler-type=none',
      '--service-cluster-ip-range=10.96.0.0/16,fd00:96::/108',
      '--allow-privileged=true',
      `--tls-cert-file=${file('apiserver.crt')}`,
      `--tls-private-key-file=${file('apiserver.key')}`,
      `--client-ca-file=${file('ca.crt')}`,
      `--token-auth-file=${file('tokens.csv')}`,
      '--authorization-mode=Node,RBAC',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${file('sa.pub')}`,
      `--service-account-signing-key-file=${file('sa.key')}`,
      `--cert-dir=${file('certs')}`,
      ...(this.#options.apiServerArgs ?? []),
    ]);
    await this.#untilReady(this.#api, `${this.url}/readyz`);
  }

  /** SIGSTOP and SIGCONT to a daemon: hangs it without closing a connection. */
  pause(which: 'etcd' | 'kube-apiserver'): void {
    this.#running(which).signal('SIGSTOP');
  }

  resume(which: 'etcd' | 'kube-apiserver'): void {
    this.#running(which).signal('SIGCONT');
  }

  /** Throws away etcd's history up to now, so that older watches and lists get 410. */
  async compact(): Promise<void> {
    const post = async (path: string, body: unknown): Promise<unknown> => {
      const response = await fetch(`http://127.0.0.1:${this.#ports.etcd}${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
      });
      if (!response.ok) throw new Error(`Cannot compact etcd: ${response.status} ${await response.text()}`);
      return response.json();
    };
    const range = (await post('/v3/kv/range', { key: base64('x') })) as {
      readonly header: { readonly revision: string };
    };
    await post('/v3/kv/compaction', { revision: range.header.revision, physical: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    // The API server first: one that loses its etcd only fills its log.
    for (const daemon of [this.#controllerManager, this.#api, this.#etcd]) await daemon?.kill();
    await rm(this.dir, { recursive: true, force: true });
  }

  async #startAll(): Promise<void> {
    await this.#writeFiles();
    const { etcd, etcdPeer } = this.#ports;
    const peer = `http://127.0.0.1:${etcdPeer}`;
    this.#etcd = this.#daemon('etcd', [
      `--data-dir=${join(this.dir, 'etcd')}`,
      `--listen-client-urls=http://127.0.0.1:${etcd}`,
      `--advertise-client-urls=http://127.0.0.1:${etcd}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      '--unsafe-no-fsync',
      '--log-level=error',
    ]);
    await this.startApiServer();
    if (this.#options.controllerManager) await this.#startControllerManager();
  }

  async #startControllerManager(): Promise<void> {
    const file = (name: string): string => join(this.dir, name);
    const kubeconfig = await this.kubeconfigFile(CONTROLLER_MANAGER);
    this.#controllerManager = this.#daemon('kube-controller-manager', [
      `--kubeconfig=${kubeconfig}`,
      '--secure-port=0',
      '--leader-elect=false',
      '--use-service-account-credentials',
      `--service-account-private-key-file=${file('sa.key')}`,
      `--root-ca-file=${file('ca.crt')}`,
      '--allocate-node-cidrs=false',
      // The defaults (20/30) make it slow to follow a test.
      '--kube-api-qps=500',
      '--kube-api-burst=1000',
      ...(this.#options.controllerManagerArgs ?? []),
    ]);
    const running = this.#controllerManager;
    await eventually(
      async () => {
        if (running.exited) throw new Error(`kube-controller-manager ${running.exited}: ${running.tail()}`);
        await this.kubectl(['get', 'serviceaccount', 'default', '-n', 'default']);
      },
      { withinMs: START_TIMEOUT_MS, everyMs: 200 },
    );
  }

  async #writeFiles(): Promise<void> {
    const server = await this.#ca.issue({
      commonName: 'kube-apiserver',
      dnsNames: ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'],
      ipAddresses: ['127.0.0.1', '10.96.0.1'],
    });
    const serviceAccounts = serviceAccountKeys();
    const tokens = this.#users.map((u, i) => `${u.token},${u.name},uid-${i},"${u.groups.join(',')}"\n`).join('');
    await this.#file('ca.crt', this.#ca.certPem);
    await this.#file('apiserver.crt', server.cert);
    await this.#file('apiserver.key', server.key);
    await this.#file('sa.pub', serviceAccounts.publicPem);
    await this.#file('sa.key', serviceAccounts.privatePem);
    await this.#file('tokens.csv', tokens);
  }

  async #file(name: string, text: string): Promise<string> {
    const path = join(this.dir, name);
    await writeFile(path, text, { mode: 0o600 });
    return path;
  }

  #daemon(name: string, args: readonly string[]): Daemon {
    return new Daemon({ name, command: join(this.#binDir, name), args, logFile: join(this.dir, `${name}.log`) });
  }

  #running(which: 'etcd' | 'kube-apiserver'): Daemon {
    const daemon = which === 'etcd' ? this.#etcd : this.#api;
    if (!daemon || daemon.exited) throw new Error(`Cannot signal ${which}: it is not running`);
    return daemon;
  }

  /** kubectl trusts the CA of its kubeconfig, where Node's fetch could not be told of it. */
  async #untilReady(daemon: Daemon, url: string): Promise<void> {
    const path = new URL(url).pathname;
    await eventually(
      async () => {
        if (daemon.exited) return;
        await this.kubectl(['get', '--raw', path]);
      },
      { withinMs: START_TIMEOUT_MS, everyMs: 100 },
    );
    if (daemon.exited) throw new Error(`Cannot start ${daemon.name}: it ${daemon.exited}; it said:\n${daemon.tail()}`);
  }
}

/**
 * The folder that holds kube-apiserver: SKYCAP_LAB_BIN, else KUBEBUILDER_ASSETS, else PATH, else the lab's cache.
 * @throws where it is in none of them.
 */
export function findBinaries(env: NodeJS.ProcessEnv = process.env): string {
  const cache = join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'skycap', 'bin');
  const folders = [env.SKYCAP_LAB_BIN, env.KUBEBUILDER_ASSETS, ...(env.PATH ?? '').split(delimiter), cache];
  const found = folders.find(
    (folder) => folder && isFile(join(folder, 'kube-apiserver')) && isFile(join(folder, 'etcd')),
  );
  if (found) return found;
  throw new Error(
    'Cannot find kube-apiserver and etcd: set SKYCAP_LAB_BIN to their folder, or run `npm run lab` once, which builds them',
  );
}

function isFile(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}

function usersFor(options: ControlPlaneOptions): ControlPlaneUser[] {
  const asked = (options.users ?? []).map((user) =>
    typeof user === 'string' ? { name: user, groups: groupsOf(user) } : user,
  );
  const all = [{ name: ADMIN, groups: ['system:masters'] }, { name: CONTROLLER_MANAGER, groups: [] }, ...asked];
  return all.map((user, i) => ({ ...user, token: `token-${i}-of-a-test` }));
}

function groupsOf(name: string): string[] {
  const [system, kind, namespace] = name.split(':');
  if (system !== 'system' || kind !== 'serviceaccount') return [];
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
