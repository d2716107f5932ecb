/**
 * The lab's own certificate authority, its certificates, the service account key, and one kubeconfig for each component.
 *
 * Components authenticate by static tokens, which are easy to read and to use with curl; certificates stand only where Kubernetes
 * takes nothing else (the API server's own, and its client certificate for kubelets). All of it lives as long as the lab.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type LeafOptions, serviceAccountKeys, TestCa } from '../support/pki.ts';
import { API_PORT, CONTROL_PLANE_ADDRESS, type Layout, nodeName } from './layout.ts';

const SERVICE_IPS = ['10.96.0.1', 'fd00:96::1'];
const SERVER_NAMES = [
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
];

export interface Pki {
  readonly folder: string;
  readonly adminToken: string;
  readonly caPem: string;
}

interface User {
  readonly file: string;
  readonly name: string;
  readonly group?: string;
}

/** Writes keys, certificates, tokens and kubeconfigs below the lab's state folder. */
export async function makePki(layout: Layout, nodes: readonly number[]): Promise<Pki> {
  const folder = join(layout.state, 'pki');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const save = (name: string, text: string) => writeFile(join(folder, name), text, { mode: 0o600 });

  const ca = await TestCa.create('skycap-lab');
  const issue = async (file: string, options: LeafOptions): Promise<void> => {
    const { cert, key } = await ca.issue(options);
    await Promise.all([save(`${file}.crt`, cert), save(`${file}.key`, key)]);
  };
  const addresses = [CONTROL_PLANE_ADDRESS.v4, CONTROL_PLANE_ADDRESS.v6, layout.hostLink.controlPlane, '127.0.0.1'];
  const users: User[] = [
    { file: 'admin', name: 'admin', group: 'system:masters' },
    { file: 'controller-manager', name: 'system:kube-controller-manager' },
    { file: 'scheduler', name: 'system:kube-scheduler' },
    { file: 'proxy', name: 'system:kube-proxy' },
    ...nodes.map(nodeName).map((node) => ({ file: node, name: `system:node:${node}`, group: 'system:nodes' })),
  ];
  const tokens = new Map(users.map((user) => [user.file, randomBytes(16).toString('hex')]));
  const serviceAccounts = serviceAccountKeys();

  await Promise.all([
    save('ca.crt', ca.certPem),
    save('ca.key', ca.keyPem),
    issue('apiserver', {
      commonName: 'kube-apiserver',
      dnsNames: [...SERVER_NAMES, 'localhost'],
      ipAddresses: [...addresses, ...SERVICE_IPS],
    }),
    issue('kubelet-client', { commonName: 'kube-apiserver-kubelet-client', organizations: ['system:masters'] }),
    save('service-account.key', serviceAccounts.privatePem),
    save('service-account.pub', serviceAccounts.publicPem),
    save(
      'tokens.csv',
      users.map((user, i) => `${tokens.get(user.file)},${user.name},${i},${user.group ?? ''}\n`).join(''),
    ),
    ...users.map((user) => {
      // The admin uses the link of this machine. Everything else is inside the lab.
      const host = user.file === 'admin' ? layout.hostLink.controlPlane : CONTROL_PLANE_ADDRESS.v4;
      const kubeconfig = kubeconfigFor(layout.name, `https://${host}:${API_PORT}`, ca.certPem, tokens.get(user.file)!);
      return save(`${user.file}.kubeconfig`, kubeconfig);
    }),
  ]);
  return { folder, adminToken: tokens.get('admin')!, caPem: ca.certPem };
}

/** JSON is YAML, so no quoting can go wrong. */
export function kubeconfigFor(name: string, server: string, caPem: string, token: string): string {
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': Buffer.from(caPem).toString('base64') } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
  return `${JSON.stringify(kubeconfig, null, 2)}\n`;
}
