/**
 * Skycap installed on a real API server: nothing but `kubectl apply -k`, twice; which Services the API server sends to the webhook, and that
 * those creations never depend on it; what each ServiceAccount may do.
 */
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { KubeObject } from '../../../lib/api/meta/object.ts';
import type { Service } from '../../../lib/api/service/service.ts';
import type { KubeClient } from '../../../lib/kube/client.ts';
import { NAMESPACES, type Resource, SERVICES } from '../../../lib/kube/resource.ts';
import { ControlPlane } from '../../support/control-plane.ts';
import { eventually } from '../../support/eventually.ts';
import { documentedRights, rightsOfRule } from '../../support/rights-table.ts';
import { type Manifest, ROOT, readBase } from '../../unit/manifests/files.ts';

const account = (component: string) => `system:serviceaccount:skycap-system:skycap-${component}`;
/** Every account may ask what it may do. */
const OF_EVERYBODY = ['authorization.k8s.io', 'authentication.k8s.io'];
const ACCOUNTS = ['webhook', 'allocator', 'speaker'].map(account);

let plane: ControlPlane;
let client: KubeClient;
const apply = () => plane.kubectl(['apply', '-k', `${ROOT}/manifests`]);

beforeAll(async () => {
  plane = await ControlPlane.start({ users: ACCOUNTS });
  client = plane.client();
  await apply();
}, 90_000);
afterAll(() => plane[Symbol.asyncDispose]());

describe('installing', () => {
  it('again changes nothing, and leaves what the webhook filled in', async () => {
    const secret = ['secret', 'skycap-webhook-tls', '-n', 'skycap-system'];
    await plane.kubectl(['patch', ...secret, '--type=merge', '-p', '{"data":{"tls.crt":"YWJj"}}']);
    for (const kind of ['mutating', 'validating']) {
      const op = [
        { op: 'add', path: '/webhooks/0/clientConfig/caBundle', value: Buffer.from(plane.caPem).toString('base64') },
      ];
      await plane.kubectl(['patch', `${kind}webhookconfiguration`, 'skycap', '--type=json', '-p', JSON.stringify(op)]);
    }
    const versions = () => {
      const line = '{range .items[*]}{.kind} {.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}';
      return plane.kubectl(['get', '-k', `${ROOT}/manifests`, '-o', `jsonpath=${line}`]);
    };
    const before = await versions();
    await apply();
    expect(await versions()).toBe(before);
    expect(before.split('\n').length).toBeGreaterThan(25);
    const jsonpath = (path: string, ...what: readonly string[]) =>
      plane.kubectl(['get', ...what, '-o', `jsonpath={${path}}`]);
    expect(await jsonpath('.data.tls\\.crt', ...secret)).toBe('YWJj');
    for (const kind of ['mutating', 'validating']) {
      expect(await jsonpath('.webhooks[0].clientConfig.caBundle', `${kind}webhookconfiguration`, 'skycap')).not.toBe(
        '',
      );
    }
  });

  it.each([
    'manifests',
    'manifests/overlays/bgp-only',
    'manifests/overlays/layer2-only',
    'manifests/overlays/network-policy',
    'manifests/overlays/lab',
    'manifests/overlays/dev',
    'manifests/overlays/lab/examples',
    'examples',
  ])('%s is accepted by the API server as a whole', async (folder) => {
    const said = await plane.kubectl(['apply', '--dry-run=server', '-k', `${ROOT}/${folder}`]);
    expect(said.trim().split('\n').length).toBeGreaterThan(5);
  });
});

/** A webhook that allows everything and remembers what it was asked. */
class RecordingWebhook implements AsyncDisposable {
  readonly asked: string[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(tls: { readonly cert: string; readonly key: string }): Promise<RecordingWebhook> {
    const webhook: RecordingWebhook = new RecordingWebhook(
      createServer(tls, async (request, response) => {
        let body = '';
        for await (const chunk of request) body += chunk;
        const { uid, operation, name, dryRun } = JSON.parse(body).request;
        webhook.asked.push(`${request.url?.split('?')[0]} ${operation} ${name}${dryRun ? ' dry' : ''}`);
        const answer = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid, allowed: true } };
        response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
      }),
    );
    await new Promise<void>((resolve) => webhook.#server.listen(0, '127.0.0.1', resolve));
    return webhook;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const service = (name: string, spec: object, annotations: object = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'default', annotations: annotations as Record<string, string> },
  spec: { ports: [{ port: 80 }], ...spec },
});
const LB = { type: 'LoadBalancer' };
const openelb = { 'lb.kubesphere.io/v1alpha1': 'openelb' };

describe('the webhook', () => {
  let webhook: RecordingWebhook;
  const dryRun = { dryRun: true };

  beforeAll(async () => {
    webhook = await RecordingWebhook.start(await plane.issue('webhook'));
    await pointAt(webhook.url);
  });
  afterAll(() => webhook[Symbol.asyncDispose]());

  /** As installed, but for where it is: there are no pods here. */
  async function pointAt(url: string): Promise<void> {
    for (const [kind, path] of [
      ['mutating', '/mutate'],
      ['validating', '/validate'],
    ]) {
      const caBundle = Buffer.from(plane.caPem).toString('base64');
      const ops = [{ op: 'replace', path: '/webhooks/0/clientConfig', value: { url: `${url}${path}`, caBundle } }];
      await plane.kubectl(['patch', `${kind}webhookconfiguration`, 'skycap', '--type=json', '-p', JSON.stringify(ops)]);
    }
    // The API server takes a configuration over within moments, not at once.
    for (let i = 0; i < 100 && webhook.asked.length === 0; i++) {
      await client.create(SERVICES, service('probe', LB), dryRun);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async function askedBy(act: () => Promise<unknown>): Promise<readonly string[]> {
    const before = webhook.asked.length;
    await act();
    return webhook.asked.slice(before);
  }

  const creations: readonly (readonly [string, boolean, object, object])[] = [
    ['a ClusterIP Service', false, {}, {}],
    ['a NodePort Service', false, { type: 'NodePort' }, {}],
    ['a ClusterIP Service with the annotation', false, {}, openelb],
    ['a load balancer without class or annotation, which a default Eip may serve', true, LB, {}],
    ['a load balancer with the annotation', true, LB, openelb],
    ['a load balancer with the older value', true, LB, { 'lb.kubesphere.io/v1alpha1': 'porter' }],
    ['a load balancer of our class', true, { ...LB, loadBalancerClass: 'skycap.io/lb' }, {}],
    ["a load balancer of another's class", false, { ...LB, loadBalancerClass: 'example.com/lb' }, {}],
    [
      "a load balancer of another's class with the annotation",
      true,
      { ...LB, loadBalancerClass: 'example.com/lb' },
      openelb,
    ],
    ["a load balancer with another's value of the annotation", false, LB, { 'lb.kubesphere.io/v1alpha1': 'metal' }],
    ['a load balancer with other annotations', true, LB, { a: 'b' }],
  ];
  it.each(creations)('creating %s: asked is %s', async (_, isAsked, spec, annotations) => {
    const asked = await askedBy(() => client.create(SERVICES, service('one', spec, annotations), dryRun));
    expect(asked).toEqual(isAsked ? ['/mutate CREATE one dry'] : []);
  });

  it('is asked when a load balancer ceases to be one or to be ours, not when its status changes, and not for the allocator', async () => {
    const ref = { name: 'life', namespace: 'default' };
    const patch = (body: object, as: KubeClient = client, subresource?: 'status') =>
      as.patch(SERVICES, ref, body, { type: 'merge', ...(subresource && { subresource }) });
    await client.create(SERVICES, service('life', LB, openelb));
    expect(await askedBy(() => patch({ metadata: { labels: { a: 'b' } } }))).toEqual(['/mutate UPDATE life']);
    const status = { status: { loadBalancer: { ingress: [{ ip: '198.51.100.7' }] } } };
    const allocator = plane.client(account('allocator'));
    expect(await askedBy(() => patch(status, allocator, 'status'))).toEqual([]);
    // It may not even write more than the status; where an administrator lets it, its writes are not reviewed either.
    await expect(patch({ metadata: { labels: { a: 'c' } } }, allocator)).rejects.toThrow(/forbidden/);
    const binding = ['more', '--clusterrole=cluster-admin', '--serviceaccount=skycap-system:skycap-allocator'];
    await plane.kubectl(['create', 'clusterrolebinding', ...binding]);
    expect(await askedBy(() => eventually(() => patch({ metadata: { labels: { a: 'c' } } }, allocator)))).toEqual([]);
    await plane.kubectl(['delete', 'clusterrolebinding', 'more']);
    const leave = { metadata: { annotations: { 'lb.kubesphere.io/v1alpha1': 'other' } } };
    expect(await askedBy(() => patch(leave))).toEqual(['/mutate UPDATE life']);
    expect(await askedBy(() => patch({ metadata: { labels: { a: 'd' } } }))).toEqual([]);
    expect(await askedBy(() => patch({ metadata: { annotations: openelb } }))).toEqual(['/mutate UPDATE life']);
    expect(await askedBy(() => patch({ spec: { type: 'ClusterIP' } }))).toEqual(['/mutate UPDATE life']);
    expect(await askedBy(() => patch({ metadata: { labels: { a: 'e' } } }))).toEqual([]);
    expect(await askedBy(() => client.delete(SERVICES, ref))).toEqual([]);
  });

  it('is asked about our kinds, in either version, but not while they are being deleted', async () => {
    const eips: Resource<Manifest> = {
      group: 'network.kubesphere.io',
      version: 'v1alpha2',
      kind: 'Eip',
      plural: 'eips',
      namespaced: false,
    };
    const old: Resource<Manifest> = { ...eips, version: 'v1alpha1' };
    const eip = (version: string, metadata: object): KubeObject =>
      ({
        apiVersion: `network.kubesphere.io/${version}`,
        kind: 'Eip',
        metadata,
        spec: { address: '192.0.2.1' },
      }) as KubeObject;
    expect(
      await askedBy(() => client.create(eips, eip('v1alpha2', { name: 'a', finalizers: ['example.com/f'] }))),
    ).toEqual(['/validate CREATE a']);
    expect(await askedBy(() => client.create(old, eip('v1alpha1', { name: 'b' }), dryRun))).toEqual([
      '/validate CREATE b dry',
    ]);
    await client.delete(eips, { name: 'a' });
    // The API server reviews a patch of what its cache has, and again of what is stored where that is newer: its cache has to know of the deletion.
    const label = () => client.patch(eips, { name: 'a' }, { metadata: { labels: { a: 'b' } } }, { type: 'merge' });
    await eventually(async () => expect(await askedBy(label)).toEqual([]));
    const letGo = () => client.patch(eips, { name: 'a' }, { metadata: { finalizers: null } }, { type: 'merge' });
    expect(await askedBy(letGo)).toEqual([]);
  });

  it("that is gone stands in nobody's way", async () => {
    await webhook[Symbol.asyncDispose]();
    await client.create(SERVICES, service('without', LB, openelb), dryRun);
    await plane.kubectl(['apply', '--dry-run=server', '-f', `${ROOT}/examples/eip.yaml`]);
  });
});

describe('rights', () => {
  const reviews: Resource<Manifest> = {
    group: 'authorization.k8s.io',
    version: 'v1',
    kind: 'SubjectAccessReview',
    plural: 'subjectaccessreviews',
    namespaced: false,
  };

  /** `verb group/resource[/subresource] [namespace/][name]` */
  async function may(user: string, verb: string, what: string, where: string): Promise<boolean> {
    const [group, resource, subresource] = what.split('/');
    const [namespace, name] = where.includes('/') ? where.split('/') : ['', where];
    const resourceAttributes = { verb, group, resource, subresource, namespace, name };
    const groups = ['system:serviceaccounts', 'system:serviceaccounts:skycap-system', 'system:authenticated'];
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      metadata: {},
      spec: { user, groups, resourceAttributes },
    };
    return (await client.create(reviews, review)).status.allowed;
  }

  const rows: readonly (readonly [string, string, string, string, boolean])[] = [
    ['webhook', 'watch', '/secrets', 'skycap-system/skycap-webhook-tls', true],
    ['webhook', 'update', '/secrets', 'skycap-system/skycap-webhook-tls', true],
    ['webhook', 'get', '/secrets', 'skycap-system/other', false],
    ['webhook', 'list', '/secrets', 'skycap-system/', false],
    ['webhook', 'get', '/secrets', 'default/skycap-webhook-tls', false],
    ['webhook', 'patch', 'admissionregistration.k8s.io/mutatingwebhookconfigurations', 'skycap', true],
    ['webhook', 'patch', 'admissionregistration.k8s.io/mutatingwebhookconfigurations', 'other', false],
    ['webhook', 'create', 'admissionregistration.k8s.io/mutatingwebhookconfigurations', '', false],
    ['webhook', 'get', '/services', 'default/kubernetes', true],
    ['webhook', 'list', '/services', 'default/', true],
    ['webhook', 'watch', '/services', 'default/', false],
    ['webhook', 'patch', '/services', 'default/kubernetes', false],
    ['webhook', 'patch', 'network.kubesphere.io/eips', 'web', false],
    ['allocator', 'patch', '/services/status', 'default/a', true],
    ['allocator', 'patch', '/services', 'default/a', false],
    ['allocator', 'delete', '/services', 'default/a', false],
    ['allocator', 'update', 'coordination.k8s.io/leases', 'skycap-system/skycap-allocator', true],
    ['allocator', 'update', 'coordination.k8s.io/leases', 'kube-system/kube-scheduler', false],
    ['allocator', 'create', 'coordination.k8s.io/leases', 'kube-system/', false],
    ['allocator', 'get', '/secrets', 'skycap-system/skycap-webhook-tls', false],
    ['speaker', 'patch', 'skycap.io/speakers/status', 'n1', true],
    ['speaker', 'patch', '/services', 'default/a', false],
    ['speaker', 'patch', '/nodes', 'n1', false],
    ['speaker', 'patch', 'coordination.k8s.io/leases', 'skycap-system/skycap-speaker-n1', true],
    ['speaker', 'patch', 'coordination.k8s.io/leases', 'kube-system/kube-scheduler', false],
    ['speaker', 'get', '/secrets', 'skycap-system/skycap-webhook-tls', false],
  ];
  it.each(rows)('%s may %s %s %s: %s', async (component, verb, what, where, expected) => {
    expect(await may(account(component), verb, what, where)).toBe(expected);
  });

  it.each(['webhook', 'allocator', 'speaker'])(
    '%s may do what docs/security.md lists, and no more',
    async (component) => {
      const inNamespace = await rulesOf(account(component), 'skycap-system');
      const inCluster = await rulesOf(account(component), 'default');
      const onlyInNamespace = inNamespace.filter((right) => !inCluster.includes(right));
      const all = [...inCluster, ...onlyInNamespace.map((right) => right.replace(' cluster ', ' namespace '))];
      const documented = documentedRights().filter((right) => right.startsWith(`${component} `));
      expect([...new Set(all)].sort()).toEqual(documented);
    },
  );

  it('Pod Security would let webhook and allocator into a namespace of the level restricted, and the speaker not', async () => {
    const namespace = 'restricted';
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await client.create(NAMESPACES, { metadata: { name: namespace, labels } });
    await client.create(kindOf('ServiceAccount'), { metadata: { name: 'default', namespace } });
    const create = async (name: string): Promise<unknown> => {
      const workload = readBase().find(
        ({ kind, metadata }) => metadata.name === name && /Deployment|DaemonSet/.test(kind),
      );
      const { serviceAccountName: _, ...spec } = workload.spec.template.spec;
      return client.create(kindOf('Pod'), { metadata: { name, namespace }, spec } as Manifest, { dryRun: true });
    };
    await create('skycap-webhook');
    await create('skycap-allocator');
    await expect(create('skycap-speaker')).rejects.toThrow(/violates PodSecurity "restricted:latest": host namespaces/);
  });

  function kindOf(kind: string): Resource<Manifest> {
    return { group: '', version: 'v1', kind, plural: `${kind.toLowerCase()}s`, namespaced: true };
  }

  /** As the API server lists them, without those of every account. */
  async function rulesOf(user: string, namespace: string): Promise<string[]> {
    const kind = 'SelfSubjectRulesReview';
    const resource: Resource<Manifest> = {
      ...{ group: 'authorization.k8s.io', version: 'v1', kind },
      ...{ plural: 'selfsubjectrulesreviews', namespaced: false },
    };
    const body = { apiVersion: 'authorization.k8s.io/v1', kind, metadata: {}, spec: { namespace } };
    const { status } = await plane.client(user).create(resource, body);
    const component = user.replace(/.*skycap-/, '');
    return status.resourceRules
      .filter(({ apiGroups }: Manifest) => !apiGroups.some((group: string) => OF_EVERYBODY.includes(group)))
      .flatMap((rule: Manifest) => rightsOfRule(component, 'cluster', rule));
  }

  it('a Secret and the configurations can be watched by name with no right to any other', async () => {
    const secrets: Resource<Manifest> = {
      group: '',
      version: 'v1',
      kind: 'Secret',
      plural: 'secrets',
      namespaced: true,
    };
    const webhook = plane.client(account('webhook'));
    const one = { namespace: 'skycap-system', fieldSelector: 'metadata.name=skycap-webhook-tls' };
    expect((await webhook.list(secrets, one)).items).toHaveLength(1);
    await expect(webhook.list(secrets, { namespace: 'skycap-system' })).rejects.toThrow(/forbidden/);
  });
});
