/**
 * The lab's own certificate authority, its certificates, the service account key, and one kubeconfig for each component.
 *
 * Components authenticate by static tokens, which are easy to read and to use with curl; certificates stand only where Kubernetes
 * takes nothing else (the API server's own, and its client certificate for kubelets). All of it lives as long as the lab.
 */
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { API_PORT, CONTROL_PLANE_ADDRESS, type Layout, nodeName } from './layout.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const LIFETIME_DAYS = 30;
const DAY_MS = 86_400_000;
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

  const caKeys = await newKeys();
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=skycap-lab',
    keys: caKeys,
    ...validity(),
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  const issue = async (file: string, subject: string, extensions: x509.Extension[]) => {
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      subject,
      issuer: ca.subject,
      publicKey: keys.publicKey,
      signingKey: caKeys.privateKey,
      ...validity(),
      signingAlgorithm: ALGORITHM,
      extensions,
    });
    await save(`${file}.crt`, certificate.toString('pem'));
    await save(`${file}.key`, await privatePem(keys));
  };
  const addresses = [CONTROL_PLANE_ADDRESS.v4, CONTROL_PLANE_ADDRESS.v6, layout.hostLink.controlPlane, '127.0.0.1'];
  const serverNames: x509.JsonGeneralName[] = [
    ...[...SERVER_NAMES, 'localhost'].map((value) => ({ type: 'dns', value }) as const),
    ...[...addresses, ...SERVICE_IPS].map((value) => ({ type: 'ip', value }) as const),
  ];
  const users: User[] = [
    { file: 'admin', name: 'admin', group: 'system:masters' },
    { file: 'controller-manager', name: 'system:kube-controller-manager' },
    { file: 'scheduler', name: 'system:kube-scheduler' },
    { file: 'proxy', name: 'system:kube-proxy' },
    ...nodes.map(nodeName).map((node) => ({ file: node, name: `system:node:${node}`, group: 'system:nodes' })),
  ];
  const tokens = new Map(users.map((user) => [user.file, randomBytes(16).toString('hex')]));
  const serviceAccountKeys = await newKeys();

  await Promise.all([
    save('ca.crt', ca.toString('pem')),
    save('ca.key', await privatePem(caKeys)),
    issue('apiserver', 'CN=kube-apiserver', [new x509.SubjectAlternativeNameExtension(serverNames)]),
    issue('kubelet-client', 'O=system:masters, CN=kube-apiserver-kubelet-client', [
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
    ]),
    save('service-account.key', await privatePem(serviceAccountKeys)),
    save('service-account.pub', await publicPem(serviceAccountKeys)),
    save(
      'tokens.csv',
      users.map((user, i) => `${tokens.get(user.file)},${user.name},${i},${user.group ?? ''}\n`).join(''),
    ),
    ...users.map((user) => {
      // The person at the keyboard comes by the link of this machine, all others are inside.
      const host = user.file === 'admin' ? layout.hostLink.controlPlane : CONTROL_PLANE_ADDRESS.v4;
      const kubeconfig = kubeconfigFor(
        layout.name,
        `https://${host}:${API_PORT}`,
        ca.toString('pem'),
        tokens.get(user.file)!,
      );
      return save(`${user.file}.kubeconfig`, kubeconfig);
    }),
  ]);
  return { folder, adminToken: tokens.get('admin')!, caPem: ca.toString('pem') };
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

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function validity(): { notBefore: Date; notAfter: Date } {
  // A minute back, for whoever compares with a coarser clock.
  const now = Date.now();
  return { notBefore: new Date(now - 60_000), notAfter: new Date(now + LIFETIME_DAYS * DAY_MS) };
}

async function privatePem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
}

async function publicPem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('spki', keys.publicKey), 'PUBLIC KEY');
}
