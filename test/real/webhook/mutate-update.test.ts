/**
 * A Service that is changed, and a review that is repeated or comes to nothing: a real API server asks the webhook, which runs as a process with the
 * rights of its ServiceAccount. Creations: `mutate-create.test.ts`.
 */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Service } from '../../../lib/api/service/service.ts';
import { isNotFound } from '../../../lib/kube/errors.ts';
import { EIP_CLAIMS, EIPS, SERVICES } from '../../../lib/kube/resource.ts';
import { ALLOCATOR_USER } from '../../support/allocator-daemon.ts';
import { eventually } from '../../support/eventually.ts';
import { marksText, service, type WebhookLab } from './harness.ts';
import { ADDRESS, DUAL, EIP, Mutating } from './mutating.ts';

const FORGED = { 'skycap.io/addresses': '198.51.100.9', 'skycap.io/claim': 'x', 'skycap.io/waiting-since': 'long' };

const HOLDER = {
  namespace: 'default',
  token: 'of-another',
  ports: [{ port: 80, protocol: 'TCP' }],
  externalTrafficPolicy: 'Cluster',
  selector: '',
  since: '2026-01-01T00:00:00Z',
} as const;

let mutating: Mutating;
let lab: WebhookLab;
beforeAll(async () => {
  mutating = await Mutating.start();
  ({ lab } = mutating);
  await lab.eip('of-office', '192.0.2.0/28', { namespaces: ['office'] });
}, 180_000);
afterAll(() => lab?.[Symbol.asyncDispose]());

const create = (one: Service, query = '') => mutating.create(one, query);
const claimOf = (address: string) => mutating.claimOf(address);
const get = (name: string) => mutating.get(name);

it('kubectl replace with the manifest of the first day keeps the address, and asks nobody', async () => {
  const { text } = await create(service('kept'));
  const webhook = lab.webhooks[0]!;
  const before = await lab.metric(webhook, /^skycap_api_requests_total.*verb="(get|list|create|update|patch|delete)"/);
  const { status, object, warnings } = await lab.replaceService(service('kept'));
  expect([status, marksText(object), warnings]).toEqual([200, text, []]);
  expect(await lab.metric(webhook, /^skycap_api_requests_total.*verb="(get|list|create|update|patch|delete)"/)).toBe(
    before,
  );
  const dry = await lab.replaceService(service('kept', { note: 'x' }), '?dryRun=All');
  expect(marksText(dry.object)).toBe(text);
});

it('forged marks are put right', async () => {
  const { text, object } = await create(service('forged'));
  const { metadata } = object;
  const forged = {
    ...object,
    metadata: {
      ...metadata,
      annotations: { ...metadata.annotations, 'skycap.io/addresses': '198.51.100.250' },
      labels: { [EIP]: 'mine' },
    },
  };
  expect(marksText((await lab.replaceService(forged)).object)).toBe(text);
});

it('what the allocator writes stands', async () => {
  await create(service('repaired', { [EIP]: 'missing' }));
  const metadata = {
    annotations: { 'skycap.io/waiting-since': null, 'skycap.io/addresses': '198.51.100.240' },
    labels: { [EIP]: 'web' },
  };
  await lab.plane
    .client(ALLOCATOR_USER)
    .patch(
      SERVICES,
      { namespace: 'default', name: 'repaired' },
      { metadata },
      { type: 'merge', subresource: 'status' },
    );
  expect(marksText(await get('repaired'))).toBe('198.51.100.240 web');
  const { object } = await lab.replaceService(service('repaired', { [EIP]: 'missing' }));
  expect(marksText(object)).toBe('198.51.100.240 web');
});

it.each<[string, Service]>([
  ['no load balancer', service('marked', FORGED, { type: 'ClusterIP' })],
  ['another’s', service('marked', { ...FORGED, 'lb.kubesphere.io/v1alpha1': 'none' })],
])('marks that were copied or forged do not stay on what is not ours: %s', async (_, one) => {
  const marked = { ...one, metadata: { ...one.metadata, labels: { [EIP]: 'mine', app: 'x' } } };
  const { text, object } = await create(marked);
  expect([text, object.metadata.labels]).toEqual(['nothing', { app: 'x' }]);
  const again = (await lab.replaceService(marked)).object;
  expect([marksText(again), again.metadata.labels]).toEqual(['nothing', { app: 'x' }]);
  await lab.client.delete(SERVICES, { namespace: 'default', name: 'marked' });
});

it.each<[string, (one: Service) => Service]>([
  ['the type', (one) => ({ ...one, spec: { ...one.spec, type: 'ClusterIP' } })],
  ['the annotation', (one) => ({ ...one, metadata: { ...one.metadata, annotations: {} } })],
  ['the value of the annotation', (one) => service(one.metadata.name ?? '', { 'lb.kubesphere.io/v1alpha1': 'none' })],
])('one that is ours no more, by %s, loses its marks', async (what, change) => {
  const name = `leaves-${what.replaceAll(' ', '-')}`;
  await create(service(name));
  const { object, status } = await lab.replaceService(change(service(name)));
  expect([status, marksText(object), object.metadata.labels]).toEqual([200, 'nothing', undefined]);
});

it('another wish is met in the call; the old claim is left to the allocator', async () => {
  const { address } = await create(service('moves'));
  const { object, warnings } = await lab.replaceService(service('moves', { [EIP]: 'of-office' }));
  expect(marksText(object)).toMatch(/^192\.0\.2\.\d+ of-office$/);
  expect(warnings[0]).toMatch(/^assigned 192\.0\.2\.\d+ from Eip of-office/);
  expect(await mutating.holders(address)).toEqual(['moves']);
});

it('another port keeps the address, and stands in the claim beside the old one until the update is done', async () => {
  const { text, address } = await create(service('ports'));
  const { object, warnings } = await lab.replaceService(service('ports', {}, { ports: [{ port: 81 }] }));
  expect([marksText(object), warnings]).toEqual([text, []]);
  expect((await claimOf(address))?.spec.holders).toMatchObject([{ ports: [{ port: 80 }, { port: 81 }] }]);
});

it('a second family is added to the first, and taken away again', async () => {
  const { address, text } = await create(service('grows'));
  const { object, warnings } = await lab.replaceService(service('grows', {}, DUAL));
  expect(marksText(object)).toMatch(new RegExp(`^${address},2001:db8::[0-9a-f]* web$`));
  expect(warnings).toHaveLength(2);
  const single = await lab.replaceService(service('grows', {}, { ipFamilyPolicy: 'SingleStack' }));
  expect(marksText(single.object)).toBe(text);
});

it('a wish that cannot be met keeps the address meanwhile', async () => {
  const { text, address } = await create(service('waits'));
  const { object, warnings } = await lab.replaceService(service('waits', { [EIP]: 'not-there' }));
  expect(marksText(object)).toBe(`${text} waiting`);
  expect(warnings).toEqual([
    'pending: there is no usable Eip named not-there; create or mend it, or name another',
    `keeps ${address} until then`,
  ]);
});

it('one that waits and asks an Eip that refuses keeps its address, and its place', async () => {
  await lab.eip('strict', '203.0.113.9', { whenFull: 'Refuse', namespaces: ['nowhere'] });
  await create(service('first', { [EIP]: 'strict' }));
  const { text } = await create(service('strictly'));
  const waiting = await lab.replaceService(service('strictly', { [EIP]: 'not-there' }));
  const { status, object, warnings } = await lab.replaceService(service('strictly', { [EIP]: 'strict' }));
  expect([status, marksText(object)]).toEqual([200, `${text} waiting`]);
  expect(object.metadata.annotations).toEqual({
    ...waiting.object.metadata.annotations,
    [EIP]: 'strict',
  });
  expect(warnings[0]).toMatch(/^pending: every address of Eip strict/);
});

it('what is published stays marked until the allocator takes both away: nodes go by the label', async () => {
  const { text, address } = await create(service('marked-still'));
  const status = { status: { loadBalancer: { ingress: [{ ip: address }] } } };
  const ref = { namespace: 'default', name: 'marked-still' };
  const options = { type: 'merge', subresource: 'status' } as const;
  await lab.plane.client(ALLOCATOR_USER).patch(SERVICES, ref, status, options);
  // Nothing is held that could be kept.
  await lab.client.delete(EIP_CLAIMS, { name: address });
  await lab.untilInStep('eipclaims');
  await lab.client.create(EIP_CLAIMS, {
    apiVersion: 'skycap.io/v1alpha1',
    kind: 'EipClaim',
    metadata: { name: address },
    spec: { address, eip: 'web', holders: [{ ...HOLDER, name: 'another' }] },
  });
  const { object } = await lab.replaceService(service('marked-still', { [EIP]: 'not-there' }));
  expect(marksText(object)).toBe(`${text} waiting`);
});

it('an Eip that has not the address any more keeps what it gave: nothing else is chosen, and it is said why', async () => {
  await lab.eip('shrunk', '203.0.113.16/30', { namespaces: ['nowhere'] });
  const { text, address } = await create(service('stays-there', { [EIP]: 'shrunk' }));
  // Nobody would be let to shrink it under the address.
  const { spec, ...claim } = (await claimOf(address))!;
  await lab.client.delete(EIP_CLAIMS, { name: address });
  await lab.untilInStep('eipclaims');
  await lab.eip('shrunk', '203.0.113.20/30', { namespaces: ['nowhere'] });
  await lab.client.create(EIP_CLAIMS, { ...claim, metadata: { name: address }, spec });
  await lab.untilInStep('eipclaims');
  const changed = service('stays-there', {}, { ports: [{ port: 8080 }] });
  const { object, warnings } = await lab.replaceService(changed);
  expect([marksText(object), warnings]).toEqual([
    text,
    ['keeps 203.0.113.16: Eip shrunk does not contain the address any more; enlarge it'],
  ]);
  // One that was made again is another.
  await lab.deleteEip('shrunk');
  await lab.eip('shrunk', '203.0.113.20/30', { namespaces: ['nowhere'] });
  const again = await lab.replaceService(service('stays-there', { [EIP]: 'shrunk' }));
  expect(marksText(again.object)).toBe('203.0.113.16 shrunk');
});

it('an Eip that is being deleted gives nothing new', async () => {
  await lab.eip('leaving', '203.0.113.24/30', {}, { finalizers: ['example.com/kept'] });
  await lab.client.delete(EIPS, { name: 'leaving' });
  await lab.untilInStep('eips');
  const { text, warnings } = await create(service('too-late', { [EIP]: 'leaving' }));
  expect([text, warnings]).toEqual(['waiting', ['pending: Eip leaving is being deleted; name another, or create one']]);
  await lab.client.patch(EIPS, { name: 'leaving' }, { metadata: { finalizers: null } }, { type: 'merge' });
});

it('a malformed wish is refused, and the Service stays as it was', async () => {
  const { text } = await create(service('stays'));
  const { status, message } = await lab.replaceService(service('stays', { [ADDRESS]: 'x' }));
  expect([status, message]).toEqual([422, expect.stringContaining('"x" is not an IP address')]);
  expect(marksText(await get('stays'))).toBe(text);
});

it('one that waits gets an address when it asks for one that is there', async () => {
  expect((await create(service('patient', { [EIP]: 'not-there' }))).text).toBe('waiting');
  expect(marksText((await lab.replaceService(service('patient', { [EIP]: 'not-there', note: 'x' }))).object)).toBe(
    'waiting',
  );
  expect(marksText((await lab.replaceService(service('patient'))).object)).toMatch(/ web$/);
});

it('a Service of before gets the address that it shows, when it becomes ours', async () => {
  const foreign = service('migrated', { 'lb.kubesphere.io/v1alpha1': 'other' });
  await create(foreign);
  const status = { loadBalancer: { ingress: [{ ip: '198.51.100.188' }] } };
  const ref = { namespace: 'default', name: 'migrated' };
  await lab.client.patch(SERVICES, ref, { status }, { type: 'merge', subresource: 'status' });
  expect(marksText((await lab.replaceService(service('migrated'))).object)).toBe('198.51.100.188 web');
});

it('called again for one request, it gives the same answer', async () => {
  // Another webhook, after ours by name, that changes the object: the API server asks ours once more (reinvocationPolicy).
  let calls = 0;
  const server = createServer(await lab.plane.issue('other'), async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    calls++;
    const patch = [{ op: 'add', path: '/metadata/annotations/other', value: 'was-here' }];
    const answer = {
      uid: JSON.parse(body).request.uid,
      allowed: true,
      patchType: 'JSONPatch',
      patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
    };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: answer }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const configuration = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'zz-other' },
    webhooks: [
      {
        name: 'other.example.com',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        clientConfig: {
          url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`,
          caBundle: Buffer.from(lab.plane.caPem).toString('base64'),
        },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['services'], operations: ['CREATE'] }],
      },
    ],
  };
  try {
    await lab.apply(configuration);
    await eventually(async () =>
      expect((await create(service('seen'), '?dryRun=All')).object.metadata.annotations?.other).toBe('was-here'),
    );
    const reviews = () => lab.metric(lab.webhooks[0]!, /^skycap_webhook_reviews_total.*operation="CREATE"/);
    const { name, ...nameless } = service('x').metadata;
    for (const metadata of [service('twice').metadata, { ...nameless, generateName: 'twice-' }]) {
      const [claims, asked] = [(await lab.claims()).length, await reviews()];
      const { text } = await create({ ...service('twice'), metadata });
      expect(text).toMatch(/ web$/);
      expect([(await lab.claims()).length, await reviews()]).toEqual([claims + 1, asked + 2]);
    }
    expect(calls).toBeGreaterThan(2);
  } finally {
    await lab.plane.kubectl(['delete', 'mutatingwebhookconfiguration', 'zz-other']);
    server.closeAllConnections();
    server.close();
  }
});

it('its ServiceAccount may do all that it did', async () => {
  expect(await lab.metric(lab.webhooks[0]!, /^skycap_api_requests_total.*code="403"/)).toBe(0);
});

it('when it may not claim, the Service is created all the same, with a warning', async () => {
  const role = await lab.plane.kubectl(['get', 'clusterrolebinding', 'skycap-webhook', '-o', 'yaml']);
  await lab.plane.kubectl(['delete', 'clusterrolebinding', 'skycap-webhook']);
  try {
    await eventually(async () => {
      const one = service(`unlucky-${Math.random().toString(36).slice(2)}`);
      const { text, warnings } = await create(one);
      expect([text, warnings]).toEqual([
        'nothing',
        [expect.stringMatching(/^the address is assigned once this is mended: Cannot create eipclaims/)],
      ]);
    });
  } finally {
    await lab.apply(role.replace(/^ {2}(uid|resourceVersion|creationTimestamp):.*\n/gm, ''));
  }
});

it('a claim deleted by hand is made again when the Service is next given addresses', async () => {
  const { address } = await create(service('lost'));
  await eventually(async () =>
    lab.client.delete(EIP_CLAIMS, { name: address }).catch((error) => {
      if (!isNotFound(error)) throw error;
    }),
  );
  await lab.untilInStep('eipclaims');
  const { object } = await lab.replaceService(service('lost', {}, { ports: [{ port: 8080 }] }));
  expect(object.metadata.annotations?.['skycap.io/addresses']).toBe(address);
  expect(await mutating.holders(address)).toEqual(['lost']);
});
