/** etcd, the API server, the controller manager and the scheduler, each a process in the control plane's network namespace. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Api } from './api.ts';
import { API_PORT, CONTROL_PLANE_ADDRESS, type Layout, namespaceOf, SERVICE_CIDRS } from './layout.ts';
import { enterNamespace, inNamespace } from './network.ts';
import type { Pki } from './pki.ts';
import { eventually } from './poll.ts';
import { isRunning, killRecorded, readRecord, refuseIfEnded, signalRecorded, startDaemon } from './processes.ts';

/** In the order of their start. */
const COMPONENTS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;
export type ControlPlaneComponent = (typeof COMPONENTS)[number];

const READY_DEADLINE_MS = 60_000;
const ETCD = 'http://127.0.0.1:2379';
const ETCD_PEER = 'http://127.0.0.1:2380';

/** The audit log has every request of Skycap's own accounts, and each change of roles, so that a test can find a request that RBAC refused. */
const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived', 'ResponseStarted', 'Panic'],
  rules: [
    { level: 'Metadata', userGroups: ['system:serviceaccounts:skycap-system'] },
    {
      level: 'Metadata',
      verbs: ['create', 'update', 'patch', 'delete'],
      resources: [{ group: 'rbac.authorization.k8s.io' }],
    },
    { level: 'None' },
  ],
};

export class ControlPlane {
  readonly #layout: Layout;
  readonly #binaries: string;

  /** @param binaries the folder with the programs. */
  constructor(layout: Layout, binaries: string) {
    this.#layout = layout;
    this.#binaries = binaries;
  }

  /** Starts etcd and the API server. Once the API server answers, starts the two that depend on it. */
  async start(api: Api): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    await writeFile(join(this.#folder, 'audit-policy.json'), JSON.stringify(AUDIT_POLICY));
    await this.startComponent('etcd');
    await this.startComponent('kube-apiserver');
    await this.waitUntilReady(api);
    await this.startComponent('kube-controller-manager');
    await this.startComponent('kube-scheduler');
  }

  async waitUntilReady(api: Api): Promise<void> {
    const probe = async () => {
      for (const component of ['etcd', 'kube-apiserver'] as const) {
        await refuseIfEnded(this.#layout.pids, component, this.logOf(component));
      }
      return (await api.get<string>('/readyz')) === 'ok';
    };
    await eventually(probe, {
      what: `the API server ready (its log: ${this.logOf('kube-apiserver')})`,
      deadlineMs: READY_DEADLINE_MS,
    });
  }

  async startComponent(component: ControlPlaneComponent): Promise<void> {
    await startDaemon({
      pids: this.#layout.pids,
      name: component,
      log: this.logOf(component),
      command: enterNamespace(namespaceOf(this.#layout, 'cp'), [
        join(this.#binaries, component),
        ...this.#arguments(component),
      ]),
    });
  }

  /** Ends the component at once, as a crash would. */
  async killComponent(component: ControlPlaneComponent): Promise<void> {
    await killRecorded(this.#layout.pids, component);
  }

  /** Starts ended components again, continues stopped ones, and waits until the API server is ready. For use after a test that broke the API server. */
  async restore(api: Api): Promise<void> {
    for (const component of COMPONENTS) {
      const record = await readRecord(this.#layout.pids, component);
      if (record && (await isRunning(record))) await this.signalComponent(component, 'SIGCONT');
      else await this.startComponent(component);
      if (component === 'kube-apiserver') await this.waitUntilReady(api);
    }
  }

  /** SIGSTOP and SIGCONT: for a component that hangs but exists. */
  async signalComponent(component: ControlPlaneComponent, signal: NodeJS.Signals): Promise<void> {
    await signalRecorded(this.#layout.pids, component, signal);
  }

  /** Removes etcd's history up to now. The API server answers requests for earlier revisions with 410 Gone. */
  async compactEtcd(): Promise<void> {
    const { header } = JSON.parse(await this.#askEtcd('range', { key: Buffer.from('x').toString('base64') }));
    await this.#askEtcd('compaction', { revision: header.revision, physical: true });
  }

  logOf(component: ControlPlaneComponent): string {
    return join(this.#folder, `${component}.log`);
  }

  get #folder(): string {
    return join(this.#layout.state, 'cp');
  }

  /** By etcd's JSON gateway, from within the control plane's namespace. @returns the answer's text. */
  #askEtcd(call: string, body: object): Promise<string> {
    const program = `const [url, body] = process.argv.slice(1);
      const answer = await fetch(url, { method: 'POST', body });
      if (!answer.ok) throw new Error(answer.status + ' ' + (await answer.text()));
      console.log(await answer.text());`;
    return inNamespace(namespaceOf(this.#layout, 'cp'), [
      process.execPath,
      '--input-type=module',
      '--eval',
      program,
      `${ETCD}/v3/kv/${call}`,
      JSON.stringify(body),
    ]);
  }

  #arguments(component: ControlPlaneComponent): string[] {
    const pki = (file: string) => join(this.#layout.state, 'pki', file);
    switch (component) {
      case 'etcd':
        return [
          `--data-dir=${join(this.#folder, 'etcd')}`,
          `--listen-client-urls=${ETCD}`,
          `--advertise-client-urls=${ETCD}`,
          `--listen-peer-urls=${ETCD_PEER}`,
          `--initial-advertise-peer-urls=${ETCD_PEER}`,
          `--initial-cluster=default=${ETCD_PEER}`,
          // The data need not survive a power loss of the machine.
          '--unsafe-no-fsync',
          '--log-level=error',
        ];
      case 'kube-apiserver':
        return [
          `--etcd-servers=${ETCD}`,
          '--bind-address=0.0.0.0',
          `--secure-port=${API_PORT}`,
          `--advertise-address=${CONTROL_PLANE_ADDRESS.v4}`,
          `--service-cluster-ip-range=${SERVICE_CIDRS.join(',')}`,
          '--allow-privileged=true',
          `--tls-cert-file=${pki('apiserver.crt')}`,
          `--tls-private-key-file=${pki('apiserver.key')}`,
          `--client-ca-file=${pki('ca.crt')}`,
          `--token-auth-file=${pki('tokens.csv')}`,
          `--kubelet-client-certificate=${pki('kubelet-client.crt')}`,
          `--kubelet-client-key=${pki('kubelet-client.key')}`,
          '--kubelet-preferred-address-types=InternalIP',
          '--authorization-mode=Node,RBAC',
          '--enable-admission-plugins=NodeRestriction',
          // Webhooks are called at their pods' addresses; the control plane runs no kube-proxy for ClusterIPs.
          '--enable-aggregator-routing=true',
          `--cert-dir=${join(this.#folder, 'certificates')}`,
          '--service-account-issuer=https://kubernetes.default.svc',
          `--service-account-key-file=${pki('service-account.pub')}`,
          `--service-account-signing-key-file=${pki('service-account.key')}`,
          `--audit-policy-file=${join(this.#folder, 'audit-policy.json')}`,
          `--audit-log-path=${this.#layout.auditLog}`,
          '--audit-log-mode=batch',
          '--audit-log-batch-max-wait=200ms',
        ];
      case 'kube-controller-manager':
        return [
          `--kubeconfig=${pki('controller-manager.kubeconfig')}`,
          `--service-account-private-key-file=${pki('service-account.key')}`,
          `--root-ca-file=${pki('ca.crt')}`,
          `--cluster-signing-cert-file=${pki('ca.crt')}`,
          `--cluster-signing-key-file=${pki('ca.key')}`,
          `--cert-dir=${join(this.#folder, 'certificates')}`,
          '--use-service-account-credentials',
          // At the default 20 a second, endpoint slices and the first service accounts lag by seconds.
          '--kube-api-qps=500',
          '--kube-api-burst=1000',
          '--leader-elect=false',
          '--allocate-node-cidrs=false',
          '--bind-address=127.0.0.1',
          '--node-monitor-grace-period=20s',
          '--node-monitor-period=2s',
        ];
      case 'kube-scheduler':
        return [
          `--kubeconfig=${pki('scheduler.kubeconfig')}`,
          '--leader-elect=false',
          '--bind-address=127.0.0.1',
          `--cert-dir=${join(this.#folder, 'certificates')}`,
        ];
    }
  }
}

export function apiOf(layout: Layout, pki: Pick<Pki, 'adminToken' | 'caPem'>): Api {
  return new Api({
    server: `https://${layout.hostLink.controlPlane}:${API_PORT}`,
    caPem: pki.caPem,
    token: pki.adminToken,
  });
}
