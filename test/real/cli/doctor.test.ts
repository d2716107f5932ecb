/** `kubectl skycap doctor` at a real API server with Skycap's objects and no component: obstacles are named with their remedies, and safe changes are made. */
import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { runProgram } from '../../../cli/program/run-program.ts';
import type { Surroundings } from '../../../cli/session/surroundings.ts';
import type { KubeObject } from '../../../lib/api/meta/object.ts';
import type { Node, Service } from '../../../lib/api/service/service.ts';
import { LEASES, microTime } from '../../../lib/kube/election/lease.ts';
import { VALIDATING } from '../../../lib/kube/http/admission-refusal.ts';
import type { HttpKubeClient } from '../../../lib/kube/http/http-client.ts';
import { CONFIG_MAPS, EIPS, NAMESPACES, NODES, SERVICES, SPEAKERS } from '../../../lib/kube/resource.ts';
import { CRD_FIELDS } from '../../../lib/preflight/crds/crd-fields.ts';
import { METALLB_POOLS } from '../../../lib/preflight/rivals/foreign-resources.ts';
import { ControlPlane } from '../../support/control-plane.ts';
import { createForeign, createForeignKind } from '../../support/foreign-kinds.ts';

const ROOT = join(import.meta.dirname, '../../..');
const NOBODY = 'tenant';

let plane: ControlPlane;
let admin: HttpKubeClient;

beforeAll(async () => {
  plane = await ControlPlane.start({ users: [NOBODY] });
  admin = plane.client();
}, 120_000);
afterAll(() => plane?.[Symbol.asyncDispose]());

async function doctor(args: readonly string[] = [], user?: string) {
  const kubeconfig = await plane.kubeconfigFile(user);
  const written = { out: '', err: '' };
  const stream = (name: 'out' | 'err') => ({ write: (text: string) => (written[name] += text) });
  const around = Object.assign(new EventEmitter(), {
    ...{ stdin: {}, stdout: stream('out'), stderr: stream('err'), env: {}, version: '1.2.3' },
  }) as unknown as Surroundings;
  const code = await runProgram(['doctor', '--kubeconfig', kubeconfig, ...args], around);
  return { code, ...written };
}

interface Told {
  readonly checks: readonly {
    readonly check: string;
    readonly findings: readonly { readonly reason: string; readonly object: { readonly name: string } }[];
  }[];
  readonly unread: readonly { readonly message: string }[];
}

async function told(args: readonly string[] = [], user?: string) {
  const { code, out, err } = await doctor(['-o', 'json', ...args], user);
  const { checks, unread } = JSON.parse(out) as Told;
  const findings = checks.flatMap((one) => one.findings.map(({ reason, object }) => `${reason} ${object.name}`));
  return { code, err, findings, unread: unread.map(({ message }) => message) };
}

async function apply(...files: readonly string[]): Promise<void> {
  await plane.kubectl(['apply', ...files.flatMap((file) => ['-f', join(ROOT, 'manifests', file)])]);
}

const missingCrds = (findings: readonly string[]) => findings.filter((one) => one.startsWith('CrdMissing'));

test('a cluster without Skycap: definitions, workloads and webhook are missing, and nothing else is', async () => {
  const { code, findings } = await told();
  expect(code).toBe(1);
  expect(missingCrds(findings)).toHaveLength(Object.keys(CRD_FIELDS).length);
  expect(findings.filter((one) => !one.startsWith('CrdMissing'))).toEqual([
    ...['webhook', 'allocator', 'speaker'].map((name) => `WorkloadNotReady skycap-${name}`),
    ...['WebhookMissing skycap', 'WebhookMissing skycap', 'WebhookUnavailable skycap-webhook'],
  ]);
});

test('obstacles of every kind are named, each with its remedy', async () => {
  await plane.kubectl(['apply', '-k', join(ROOT, 'manifests/crds')]);
  await apply('base/namespace.yaml', 'base/rbac.yaml', 'base/webhook-configuration.yaml');
  await plane.kubectl(['wait', '--for=condition=Established', 'crd', '--all']);
  await createForeignKind(admin, METALLB_POOLS);
  for (const name of ['metallb-system', 'kube-node-lease', 'shop']) await createNamespace(name);
  const metadata = { namespace: 'metallb-system', name: 'main' };
  await createForeign(admin, METALLB_POOLS, { metadata, ...{ spec: { addresses: ['192.0.2.0/28'] } } } as KubeObject);
  await createEip('lan', '192.0.2.0/24', 'layer2');
  await createEip('routed', '10.96.0.0/28', 'bgp');
  const kubeProxy = {
    'config.conf': 'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nmode: ipvs\nipvs: {strictARP: false}\n',
  };
  await admin.create(CONFIG_MAPS, { metadata: { namespace: 'kube-system', name: 'kube-proxy' }, data: kubeProxy });
  await admin.create(NODES, { metadata: { name: 'n1' } });
  await admin.create(NODES, { metadata: { name: 'n2' } });
  const status = { addresses: [{ type: 'InternalIP', address: '192.0.2.11' }], nodeInfo: { kernelVersion: '4.15.0' } };
  await admin.patch<Node>(NODES, { name: 'n1' }, { status }, { type: 'merge', subresource: 'status' });
  await createSpeaker('n1', ['n2']);
  await createSpeaker('n2', []);
  // The clock of n2 is an hour behind.
  await createLease('kube-node-lease', 'n1', 'n1', Date.now());
  await createLease('kube-node-lease', 'n2', 'n2', Date.now() - 3_600_000);
  await createLease('skycap-system', 'speaker-n1', 'n1', Date.now());
  await createLease('skycap-system', 'speaker-n2', 'n2', Date.now());

  const { findings, unread } = await told();
  expect(unread).toEqual([]);
  expect(missingCrds(findings)).toEqual([]);
  const others = findings.filter((one) => !/^(WorkloadNotReady|Webhook|CaBundle)/.test(one));
  expect(others).toEqual([
    'PoolOfAnother lan',
    'AddressReserved lan',
    'AddressReserved routed',
    'KernelTooOld n1',
    'StrictArpOff kube-proxy',
    'BfdBlocked n1',
    'ClockSkew n2',
  ]);
  const { out } = await doctor();
  expect(out).toContain('✓ Kubernetes\n');
  expect(out).toMatch(
    /✗ Other load balancers\n {4}✗ Eip lan {2}PoolOfAnother\n {6}IPAddressPool metallb-system\/main .*\n {6}→ take the addresses/,
  );
  expect(out).toContain(
    '16 of 16 addresses are given to nobody: 10.96.0.0-10.96.0.15 is in the network of cluster IPs',
  );
}, 60_000);

test('--fix removes what OpenELB has left, after a question, and sets the label', async () => {
  await admin.create(VALIDATING, {
    metadata: { name: 'openelb-admission' },
    webhooks: [
      {
        name: 'validate.eip.network.kubesphere.io',
        clientConfig: { service: { namespace: 'openelb-system', name: 'openelb-controller', path: '/x' } },
        rules: [
          {
            apiGroups: ['network.kubesphere.io'],
            apiVersions: ['v1alpha2'],
            resources: ['eips'],
            operations: ['CREATE'],
          },
        ],
        ...{ admissionReviewVersions: ['v1'], sideEffects: 'None', failurePolicy: 'Fail' },
      },
    ],
  } as never);
  const finalizers = ['finalizer.lb.kubesphere.io/v1alpha1'];
  const spec = { type: 'LoadBalancer', ports: [{ port: 80 }], selector: { app: 'none' } };
  await admin.create(SERVICES, { metadata: { namespace: 'shop', name: 'web', finalizers }, spec } as Service);
  await admin.delete(SERVICES, { namespace: 'shop', name: 'web' });
  const strict = { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'baseline' } } };
  await admin.patch(NAMESPACES, { name: 'skycap-system' }, strict, { type: 'merge' });
  const ours = (findings: readonly string[]) => findings.filter((one) => /^(OpenElb|PodSecurity)/.test(one));
  const all = ['PodSecurityTooStrict skycap-system', 'OpenElbLeftover openelb-admission', 'OpenElbLeftover web'];

  expect(ours((await told()).findings)).toEqual(all);
  // Without a terminal nobody answers.
  const asked = await told(['--fix']);
  expect(ours(asked.findings)).toEqual(all);
  expect(asked.err).toContain('Left alone: delete ValidatingWebhookConfiguration openelb-admission');
  const fixed = await told(['--fix', '--yes']);
  expect(fixed.err).toContain('Done: remove the finalizers of OpenELB from Service shop/web.');
  expect(ours(fixed.findings)).toEqual([]);
  expect(ours((await told()).findings)).toEqual([]);
  expect((await admin.list(SERVICES, { namespace: 'shop' })).items).toEqual([]);
  expect(await doctor(['--yes'])).toMatchObject({ code: 2, err: expect.stringMatching(/give --fix too/) });
}, 60_000);

test('a user without rights is told what was not checked, and of nothing that is no problem', async () => {
  const { code, findings, unread } = await told([], NOBODY);
  const { out } = await doctor([], NOBODY);
  expect(out).not.toMatch(/✓ (?!Kubernetes$)/m);
  expect(out).toContain('? Nodes\n    You may not read all nodes, speakers, configmaps: the check is not complete.');
  expect(out).toContain('No problem found in what you may read.');
  expect({ code, findings }).toEqual({ code: 0, findings: [] });
  expect(unread).toContain('You may not list mutatingwebhookconfigurations: what depends on it was not checked.');
  expect(unread.some((one) => one.includes('secrets skycap-webhook-tls in namespace skycap-system'))).toBe(true);
});

async function createNamespace(name: string): Promise<void> {
  await plane.kubectl(['create', 'namespace', name]).catch(() => {});
}

async function createEip(name: string, address: string, protocol: 'bgp' | 'layer2'): Promise<void> {
  await admin.create(EIPS, { metadata: { name }, spec: { address, protocol } });
}

async function createSpeaker(name: string, suspects: readonly string[]): Promise<void> {
  await admin.create(SPEAKERS, { apiVersion: 'skycap.io/v1alpha1', kind: 'Speaker', metadata: { name } });
  await admin.patch(SPEAKERS, { name }, { status: { suspects } }, { type: 'merge', subresource: 'status' });
}

async function createLease(namespace: string, name: string, holderIdentity: string, ms: number): Promise<void> {
  const spec = { holderIdentity, leaseDurationSeconds: 60, renewTime: microTime(ms) };
  await admin.create(LEASES, { metadata: { namespace, name }, spec });
}
