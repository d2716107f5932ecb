/** What the admission policies let a speaker and a webhook write. The speakers' tokens are as kubelet asks for them: each for a pod on a node. */
import type { SpeakerObject } from '../../../lib/api/skycap/speaker-types.ts';
import { LEASES } from '../../../lib/kube/election/lease.ts';
import { HttpKubeClient } from '../../../lib/kube/http/http-client.ts';
import { NODES, SPEAKERS } from '../../../lib/kube/resource.ts';
import { ControlPlane } from '../../support/control-plane.ts';
import { until } from '../../support/eventually.ts';
import { ROOT } from '../../unit/manifests/files.ts';

const NAMESPACE = 'skycap-system';
const REFUSED = /the speaker of node a may not write \S+, which is not of its node/;
const object = (name: string): SpeakerObject => ({
  apiVersion: 'skycap.io/v1alpha1',
  kind: 'Speaker',
  metadata: { name },
});
const lease = (name: string) => ({ metadata: { name, namespace: NAMESPACE }, spec: { holderIdentity: 'a' } });

let plane: ControlPlane;
let admin: HttpKubeClient;
/** With the token of the pod on node `a`. */
let speaker: HttpKubeClient;

beforeAll(async () => {
  plane = await ControlPlane.start();
  admin = plane.client();
  await plane.kubectl(['apply', '-k', `${ROOT}/manifests`]);
  await plane.kubectl(['wait', '--for=condition=Established', 'crd', '--all']);
  speaker = await speakerOf('a');
  await admin.create(SPEAKERS, object('b'));
  await admin.create(LEASES, lease('skycap-speaker-b'));
  await until('the policy is in force', () =>
    speaker.create(SPEAKERS, object('b')).then(
      () => false,
      (error) => REFUSED.test(String(error)),
    ),
  );
}, 90_000);
afterAll(async () => {
  await speaker?.close();
  await plane?.[Symbol.asyncDispose]();
});

async function speakerOf(node: string): Promise<HttpKubeClient> {
  const pod = {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: `speaker-${node}`, namespace: NAMESPACE } },
    spec: { nodeName: node, serviceAccountName: 'skycap-speaker', containers: [{ name: 'speaker', image: 'skycap' }] },
  };
  await admin.create(NODES, { metadata: { name: node } });
  await plane.kubectl(['apply', '-f', '-'], JSON.stringify(pod));
  const bound = ['--bound-object-kind=Pod', `--bound-object-name=speaker-${node}`];
  const token = await plane.kubectl(['create', 'token', 'skycap-speaker', '-n', NAMESPACE, ...bound]);
  const access = { server: plane.url, token: token.trim(), tls: { ca: plane.caPem } };
  return HttpKubeClient.fromToken(access, { component: 'test' });
}

it('a speaker makes, changes and deletes what is of its node', async () => {
  await speaker.create(SPEAKERS, object('a'));
  await speaker.patch(
    SPEAKERS,
    { name: 'a' },
    { status: { birdVersion: '2.17' } },
    { type: 'merge', subresource: 'status' },
  );
  const own = lease('skycap-speaker-a');
  await speaker.create(LEASES, own);
  await speaker.patch(LEASES, own.metadata, { spec: { holderIdentity: 'a' } }, { type: 'merge' });
  await speaker.delete(LEASES, own.metadata);
  expect((await admin.list(LEASES, { namespace: NAMESPACE })).items.map(({ metadata }) => metadata.name)).not.toContain(
    'skycap-speaker-a',
  );
});

it.each<readonly [string, () => Promise<unknown>]>([
  ['make the Speaker object of another', () => speaker.create(SPEAKERS, object('c'))],
  [
    'write what another one says',
    () => speaker.patch(SPEAKERS, { name: 'b' }, { status: {} }, { type: 'merge', subresource: 'status' }),
  ],
  ['make the Lease of another', () => speaker.create(LEASES, lease('skycap-speaker-c'))],
  [
    'renew the Lease of another',
    () =>
      speaker.patch(LEASES, lease('skycap-speaker-b').metadata, { spec: { holderIdentity: 'a' } }, { type: 'merge' }),
  ],
  ['delete the Lease of another', () => speaker.delete(LEASES, lease('skycap-speaker-b').metadata)],
  ['delete the Lease by which an allocator leads', () => speaker.delete(LEASES, lease('skycap-allocator').metadata)],
])('it may not %s', async (_, write) => {
  await admin.create(LEASES, lease('skycap-allocator')).catch(() => {});
  await expect(write()).rejects.toThrow(REFUSED);
});

it('others write Leases as before', async () => {
  await admin.patch(LEASES, lease('skycap-speaker-b').metadata, { spec: { holderIdentity: 'b' } }, { type: 'merge' });
  expect((await admin.get(LEASES, lease('skycap-speaker-b').metadata)).spec?.holderIdentity).toBe('b');
});

it('a webhook makes its Secret anew, and none that Kubernetes fills with the token of another account', async () => {
  const token = await plane.kubectl(['create', 'token', 'skycap-webhook', '-n', NAMESPACE]);
  const access = { server: plane.url, token: token.trim(), tls: { ca: plane.caPem } };
  const webhook = HttpKubeClient.fromToken(access, { component: 'test' });
  const secrets = { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true } as const;
  const annotations = { 'kubernetes.io/service-account.name': 'skycap-allocator' };
  const make = (name: string, type: string) => {
    const ref = { name, namespace: NAMESPACE };
    const body = { apiVersion: 'v1', kind: 'Secret', type, metadata: { ...ref, annotations } };
    return webhook.patch(secrets, ref, body, { type: 'apply', fieldManager: 'test' });
  };
  await admin.delete(secrets, { name: 'skycap-webhook-tls', namespace: NAMESPACE });
  await expect(make('skycap-webhook-tls', 'kubernetes.io/service-account-token')).rejects.toThrow(/type Opaque only/);
  await expect(make('other', 'Opaque')).rejects.toThrow(/forbidden/);
  await make('skycap-webhook-tls', 'Opaque');
  await webhook.close();
});
