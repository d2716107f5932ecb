/**
 * A webhook of somebody else's refuses or fails what the allocator writes: OpenELB's, left over with its service gone, or a policy. All else goes on, the object says what
 * is in the way, and it heals by itself. At a real API server.
 */
import { EIPS } from '../../../lib/kube/resource.ts';
import { AllocatorLab, assigned, eventually, type Replica } from './harness.ts';

let lab: AllocatorLab;
let replica: Replica;

beforeAll(async () => {
  lab = await AllocatorLab.start();
  replica = await lab.replica();
}, 180_000);
afterAll(() => lab?.[Symbol.asyncDispose]());

/** As OpenELB leaves it: nobody answers, and nothing goes without. */
const leftOver = (name: string, webhook: string, resources: readonly string[], group: string) => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name },
  webhooks: [
    {
      name: webhook,
      clientConfig: { service: { name, namespace: 'openelb-system', path: '/validate' } },
      rules: [{ apiGroups: [group], apiVersions: ['*'], operations: ['CREATE', 'UPDATE'], resources }],
      failurePolicy: 'Fail',
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      timeoutSeconds: 1,
    },
  ],
});
const apply = (object: object) => lab.plane.kubectl(['apply', '-f', '-'], JSON.stringify(object));
const FINALIZERS = { finalizers: ['finalizer.ipam.kubesphere.io/v1alpha1'] };
const condition = async (type: string) => {
  const { conditions } = await lab.eipStatus('left');
  return conditions?.find((one) => one.type === type);
};

test('a webhook that is left over keeps finalizers on an Eip, and nothing else: its status is written and says who', async () => {
  await lab.namespace('shop');
  await lab.eip('left', '198.51.100.0/29');
  await lab.stop(replica);
  await lab.admin.patch(EIPS, { name: 'left' }, { metadata: FINALIZERS }, { type: 'merge' });
  await apply(leftOver('openelb-admission', 'validate.eip.network.kubesphere.io', ['eips'], 'network.kubesphere.io'));
  await eventually(async () => {
    const write = lab.admin.patch(
      EIPS,
      { name: 'left' },
      { metadata: { labels: { a: 'b' } } },
      { type: 'merge', dryRun: true },
    );
    await expect(write).rejects.toThrow('failed calling webhook');
  });
  replica = await lab.replica();
  await lab.create('shop/web');
  await lab.published('shop/web', '198.51.100.0');
  await eventually(async () => expect((await lab.eipStatus('left')).usage).toBe(1));
  const writable = await eventually(async () => {
    const found = await condition('Writable');
    expect(found).toBeDefined();
    return found;
  });
  expect(writable).toMatchObject({ status: 'False', reason: 'WriteRefused' });
  expect(writable?.message).toMatch(
    /^the webhook "validate\.eip\.network\.kubesphere\.io" of ValidatingWebhookConfiguration openelb-admission cannot be called, .*kubectl delete validatingwebhookconfiguration openelb-admission$/,
  );
  const events = await lab.plane.kubectl([
    'get',
    'events',
    '-A',
    '-o',
    'jsonpath={range .items[*]}{.reason} {.involvedObject.kind} {.involvedObject.name}{"\\n"}{end}',
  ]);
  expect(events).toContain('WriteRefused Eip left');
  expect(replica.log.lines.filter(({ reason }) => reason === 'WriteRefused')).toHaveLength(1);
  // What it gives goes on being counted.
  await lab.create('shop/more');
  await eventually(async () => expect((await lab.eipStatus('left')).usage).toBe(2));
  await lab.plane.kubectl(['delete', 'validatingwebhookconfiguration', 'openelb-admission']);
  await eventually(async () => {
    expect((await lab.admin.get(EIPS, { name: 'left' })).metadata.finalizers).toBeUndefined();
    expect(await condition('Writable')).toBeUndefined();
  }, 40_000);
}, 90_000);

test('a webhook that keeps claims from being written: the Service waits and says why, others are served on, and it gets its address afterwards', async () => {
  await lab.namespace('claims');
  await lab.eip('claims', '198.51.100.16/29', { namespaces: ['claims'] });
  await apply(leftOver('claim-guard', 'claims.example.com', ['eipclaims'], 'skycap.io'));
  await lab.create('claims/waits');
  const waits = await lab.reason('claims/waits', 'WriteRefused', 20_000);
  expect(assigned(waits)).toMatchObject({
    status: 'False',
    message: expect.stringContaining('kubectl delete validatingwebhookconfiguration claim-guard'),
  });
  await eventually(async () => expect((await lab.eipStatus('claims')).ready).toBe(true));
  await lab.plane.kubectl(['delete', 'validatingwebhookconfiguration', 'claim-guard']);
  await lab.published('claims/waits', '198.51.100.16');
}, 90_000);

test('a policy that keeps the status of one Service from being written stops no other, and an Event names it', async () => {
  await lab.namespace('policy');
  await lab.eip('policy', '198.51.100.24/29', { namespaces: ['policy'] });
  const metadata = { name: 'no-status-here' };
  const resourceRules = [
    { apiGroups: [''], apiVersions: ['v1'], resources: ['services/status'], operations: ['UPDATE'] },
  ];
  const validations = [{ expression: "object.metadata.name != 'barred'", message: 'hands off' }];
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const spec = { failurePolicy: 'Fail', matchConstraints: { resourceRules }, validations };
  await apply({ apiVersion, kind: 'ValidatingAdmissionPolicy', metadata, spec });
  await apply({
    ...{ apiVersion, kind: 'ValidatingAdmissionPolicyBinding', metadata },
    spec: { policyName: 'no-status-here', validationActions: ['Deny'] },
  });
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  await lab.create('policy/barred');
  await lab.create('policy/free');
  await lab.published('policy/free', '198.51.100.25');
  await eventually(async () => {
    const events = await lab.plane.kubectl([
      'get',
      'events',
      '-n',
      'policy',
      '-o',
      'jsonpath={range .items[*]}{.involvedObject.name}: {.message}{"\\n"}{end}',
    ]);
    expect(events).toMatch(
      /barred: ValidatingAdmissionPolicy no-status-here refuses what Skycap writes: hands off; .*no-status-here/,
    );
  });
  await lab.plane.kubectl(['delete', 'validatingadmissionpolicybinding', 'no-status-here']);
  await eventually(async () => lab.published('policy/barred', '198.51.100.24'), 40_000);
}, 90_000);
