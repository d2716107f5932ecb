/** Services that have an address together, with webhooks: an update is refused for a taken port alone; any other is admitted, keeps the address, and is warned about. */
import type { Service } from '../../../lib/api/service.ts';
import { LEADER_TIMING } from '../../../lib/kube/leader-step.ts';
import { EIP_CLAIMS, SERVICES } from '../../../lib/kube/resource.ts';
import { type Answer, WebhookLab } from '../webhook/harness.ts';
import { assigned, eventually, publishedBy, Replica, serviceObject } from './harness.ts';

const EIP = 'eip.openelb.kubesphere.io/v1alpha2';
const REQUEST = 'eip.openelb.kubesphere.io/v1alpha1';
const KEY = 'skycap.io/sharing-key';

let lab: WebhookLab;
let replica: Replica | undefined;

beforeAll(async () => {
  lab = await WebhookLab.start(2);
}, 60_000);
afterAll(async () => {
  await replica?.stop();
  await lab?.[Symbol.asyncDispose]();
});

const port = (...numbers: number[]) => ({
  ports: numbers.map((number) => ({ name: `p${number}`, port: number, protocol: 'TCP' as const })),
});
const read = (name: string): Promise<Service> => lab.client.get(SERVICES, { namespace: 'default', name });

async function lead(): Promise<void> {
  replica ??= new Replica(lab.plane, 'allocator-0', LEADER_TIMING);
  await eventually(async () => expect(await replica?.isLeading()).toBe(true));
}

/** As `kubectl apply` does: the fields that are named, with the warnings and the message of a refusal. */
async function edit(name: string, change: (of: Service) => Service): Promise<Answer> {
  for (let left = 20; ; left--) {
    const answer = await lab.replaceService(change(await read(name)));
    if (answer.status !== 409 || left === 0) return answer;
  }
}

const withSpec =
  (spec: Service['spec']) =>
  (of: Service): Service => ({ ...of, spec: { ...of.spec, ...spec } });
const annotated =
  (annotations: Record<string, string>) =>
  (of: Service): Service => ({
    ...of,
    metadata: { ...of.metadata, annotations: { ...of.metadata.annotations, ...annotations } },
  });

async function stands(name: string, address: string, reason: string): Promise<string> {
  return eventually(async () => {
    const service = await read(name);
    expect(`${name} ${publishedBy(service)} ${assigned(service)?.reason}`).toBe(`${name} ${address} ${reason}`);
    return assigned(service)?.message ?? '';
  });
}

test('a takeover in which the webhook is first: an update of what OpenELB published together moves nobody', async () => {
  await lab.eip('old', '10.8.0.0/24');
  const names = ['old-a', 'old-b', 'old-c'];
  for (const [i, name] of names.entries()) {
    // While OpenELB is the one who gives addresses.
    const foreign = serviceObject(
      `default/${name}`,
      { 'lb.kubesphere.io/v1alpha1': 'not-yet' },
      port(i === 2 ? 80 : 80 + i),
    );
    await lab.client.create(SERVICES, foreign);
    const status = { loadBalancer: { ingress: [{ ip: '10.8.0.9' }] } };
    await lab.client.patch(
      SERVICES,
      { namespace: 'default', name },
      { status },
      { type: 'merge', subresource: 'status' },
    );
  }
  for (const name of names) {
    const answer = await edit(name, annotated({ 'lb.kubesphere.io/v1alpha1': 'openelb', [EIP]: 'old' }));
    expect([answer.status, answer.object.metadata.annotations?.['skycap.io/addresses']]).toEqual([200, '10.8.0.9']);
  }
  await lead();
  for (const name of names) await stands(name, '10.8.0.9', 'KeepsFormerAddress');
  await lab.plane.kubectl(['delete', 'eipclaims', '--all']);
  // One more update while the claims are being made again.
  expect((await edit('old-b', withSpec(port(81, 8081)))).status).toBe(200);
  await eventually(async () => {
    const { spec } = await lab.client.get(EIP_CLAIMS, { name: '10.8.0.9' });
    expect(spec.holders.map(({ name, uid }) => `${name} ${uid !== undefined}`).sort()).toEqual(
      names.map((name) => `${name} true`),
    );
  });
  for (const name of names) await stands(name, '10.8.0.9', 'KeepsFormerAddress');
}, 60_000);

test('a port that another has there is refused, with the reason; all else is admitted with a warning, and is well when both have followed', async () => {
  await lead();
  await lab.eip('edits', '10.8.1.0/29');
  const both = ['edit-a', 'edit-b'];
  for (const [i, name] of both.entries()) {
    const spec = { ...port(80 + i), selector: { app: 'web' } };
    await lab.client.create(SERVICES, serviceObject(`default/${name}`, { [EIP]: 'edits', [KEY]: 'k' }, spec));
    await stands(name, '10.8.1.0', 'Assigned');
  }
  const refused = await edit('edit-a', withSpec(port(80, 81)));
  expect([refused.status, refused.message]).toEqual([
    403,
    expect.stringContaining('10.8.1.0: Service default/edit-b uses port 81/TCP of it; choose another port'),
  ]);
  expect((await edit('edit-a', withSpec(port(80)))).warnings).toEqual([]);

  const local = withSpec({ externalTrafficPolicy: 'Local' });
  const first = await edit('edit-a', local);
  expect([first.status, first.warnings]).toEqual([
    200,
    ['keeps 10.8.1.0: Service default/edit-b has externalTrafficPolicy Cluster; sharers need the same one'],
  ]);
  for (const name of both) await stands(name, '10.8.1.0', 'KeepsFormerAddress');
  expect(await stands('edit-b', '10.8.1.0', 'KeepsFormerAddress')).toBe(
    'keeps 10.8.1.0 from Eip edits: Service default/edit-a has externalTrafficPolicy Local; sharers need the same one',
  );
  const second = await edit('edit-b', local);
  expect([second.status, second.warnings]).toEqual([200, []]);
  for (const name of both) await stands(name, '10.8.1.0', 'Assigned');

  const other = await edit('edit-a', annotated({ [KEY]: 'other' }));
  expect(other.warnings).toEqual([
    'keeps 10.8.1.0: Service default/edit-b has it; give both the same annotation skycap.io/sharing-key to share it',
  ]);
  expect((await edit('edit-b', annotated({ [KEY]: 'other' }))).warnings).toEqual([]);
  for (const name of both) await stands(name, '10.8.1.0', 'Assigned');

  // Who waits for another address is not worse off, and takes no port meanwhile.
  await lab.client.create(SERVICES, serviceObject('default/edit-c', { [EIP]: 'edits' }, port(80)));
  await stands('edit-c', '10.8.1.1', 'Assigned');
  const asks = await edit('edit-a', annotated({ [REQUEST]: '10.8.1.1' }));
  expect([asks.status, asks.warnings.at(-1)]).toEqual([200, 'keeps 10.8.1.0 until then']);
  await stands('edit-a', '10.8.1.0', 'KeepsFormerAddress');
  expect((await edit('edit-a', withSpec(port(80, 81)))).status).toBe(403);
  expect((await edit('edit-a', annotated({ [REQUEST]: 'nonsense' }))).status).toBe(422);
  await lab.client.delete(SERVICES, { namespace: 'default', name: 'edit-c' });
  await stands('edit-a', '10.8.1.1', 'Assigned');
  await stands('edit-b', '10.8.1.0', 'Assigned');
}, 60_000);
