/** Findings about Skycap's installation: webhook, certificate, workloads, namespace; and about what OpenELB has left. */
import type { KubeObject } from '../../../../lib/api/meta/object.ts';
import type { Finding } from '../../../../lib/preflight/finding.ts';
import { type WebhookFacts, webhookFindings } from '../../../../lib/preflight/install/webhook-findings.ts';
import { podSecurityFindings, workloadFindings } from '../../../../lib/preflight/install/workload-findings.ts';
import { openElbLeftovers } from '../../../../lib/preflight/rivals/openelb-leftovers.ts';
import { otherLoadBalancers } from '../../../../lib/preflight/rivals/other-load-balancers.ts';
import { TestCa } from '../../../support/pki.ts';

const words = (findings: readonly Finding[]) => findings.map(({ reason, object }) => `${reason} ${object.name}`);
const base64 = (text: string) => Buffer.from(text).toString('base64');
const KINDS = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'] as const;

let ca: TestCa;
let other: TestCa;
let certificate: string;
beforeAll(async () => {
  [ca, other] = [await TestCa.create(), await TestCa.create()];
  certificate = (await ca.issue({ commonName: 'skycap-webhook' })).cert;
});

function facts(differs: Partial<WebhookFacts> = {}, bundle: string = ca.certPem): WebhookFacts {
  const webhooks = [{ name: 'a', clientConfig: { caBundle: base64(bundle) } }];
  const configurations = KINDS.map((kind) => ({ kind, object: { metadata: { name: 'skycap' }, webhooks } }));
  return { namespace: 'skycap-system', configurations, certificate, readyEndpoints: 2, nowMs: Date.now(), ...differs };
}

test('a webhook in order, and one of which the user may read nothing', () => {
  expect(webhookFindings(facts())).toEqual([]);
  expect(webhookFindings(facts({ configurations: [], certificate: undefined, readyEndpoints: undefined }))).toEqual([]);
  expect(webhookFindings(facts({}, `${other.certPem}${ca.certPem}`))).toEqual([]);
});

test('what keeps the API server from the webhook', () => {
  const missing = KINDS.map((kind) => ({ kind, object: undefined }));
  expect(words(webhookFindings(facts({ configurations: missing, readyEndpoints: 0 })))).toEqual([
    'WebhookMissing skycap',
    'WebhookMissing skycap',
    'WebhookUnavailable skycap-webhook',
  ]);
  expect(words(webhookFindings(facts({}, '')))).toEqual(['CaBundleWrong skycap', 'CaBundleWrong skycap']);
  expect(words(webhookFindings(facts({}, other.certPem)))).toEqual(['CaBundleWrong skycap', 'CaBundleWrong skycap']);
});

test('a certificate near its end, at its end, and none that can be read', () => {
  const inYears = Date.now() + 50 * 365 * 24 * 3_600_000;
  expect(words(webhookFindings(facts({ nowMs: inYears })))).toEqual(['CertificateExpiring skycap-webhook-tls']);
  expect(webhookFindings(facts({ certificate: 'nonsense', nowMs: inYears }))).toEqual([]);
});

const workload = (name: string, status: object, namespace = 'skycap-system', image = 'skycap:0.1.0') => ({
  metadata: { namespace, name },
  spec: { replicas: 2, template: { spec: { containers: [{ image }] } } },
  status,
});

test('workloads that are absent or not ready', () => {
  const deployments = [workload('skycap-webhook', { readyReplicas: 2 }), workload('skycap-allocator', {})];
  const daemonSets = [workload('skycap-speaker', { numberReady: 2, desiredNumberScheduled: 3 })];
  const findings = workloadFindings('skycap-system', { deployments, daemonSets });
  expect(findings.map(({ object, message }) => `${object.name}: ${message}`)).toEqual([
    'skycap-allocator: 0 of 2 pods are ready',
    'skycap-speaker: 2 of 3 pods are ready',
  ]);
  expect(words(workloadFindings('elsewhere', { deployments, daemonSets }))).toHaveLength(3);
});

test.each([
  [undefined, 0],
  ['privileged', 0],
  ['baseline', 1],
  ['restricted', 1],
])('Pod Security %s', (level, count) => {
  const labels: Record<string, string> = level === undefined ? {} : { 'pod-security.kubernetes.io/enforce': level };
  expect(podSecurityFindings({ metadata: { name: 'skycap-system', labels } })).toHaveLength(count);
});

test.each([
  ['quay.io/metallb/controller:v0.14.9', 'MetalLB runs'],
  ['ghcr.io/kube-vip/kube-vip:v1.0.0', 'kube-vip runs'],
  ['rancher/klipper-lb:v0.4.9', 'servicelb of k3s runs'],
  ['kubesphere/openelb-controller:v0.6.0', 'OpenELB runs'],
  ['docker.io/library/nginx', undefined],
])('image %s', (image, message) => {
  const daemonSets = [workload('x', {}, 'kube-system', image)];
  expect(otherLoadBalancers({ deployments: [], daemonSets }).map((one) => one.message)).toEqual(
    message ? [message] : [],
  );
});

test('OpenELB that is gone has left a webhook and a finalizer; one that runs has left nothing', () => {
  const left = (metadata: object): KubeObject => ({ metadata: { name: 'a', uid: 'u', ...metadata } });
  const mark = 'finalizer.lb.kubesphere.io/v1alpha1';
  const services = [
    left({ namespace: 'shop', deletionTimestamp: 'now', finalizers: [mark, 'x/y'], resourceVersion: '7' }),
    left({ namespace: 'shop', finalizers: [mark] }),
    left({ namespace: 'shop', deletionTimestamp: 'now', finalizers: ['x/y'] }),
  ];
  const all = {
    mutating: [left({ name: 'skycap' })],
    validating: [left({ name: 'openelb-admission' })],
    ...{ services, eips: [], bgpPeers: [], bgpConfs: [] },
  };
  const findings = openElbLeftovers({ isRunning: false, ...all });
  expect(words(findings)).toEqual(['OpenElbLeftover openelb-admission', 'OpenElbLeftover a']);
  expect(findings.map(({ fix }) => fix?.request)).toMatchObject([
    { verb: 'delete', ref: { name: 'openelb-admission' }, uid: 'u' },
    {
      verb: 'patch',
      ref: { namespace: 'shop', name: 'a' },
      body: { metadata: { finalizers: ['x/y'], resourceVersion: '7' } },
    },
  ]);
  expect(openElbLeftovers({ isRunning: true, ...all })).toEqual([]);
});
