/** A takeover from OpenELB with webhooks: an update may be the first that is heard of a Service. Edits afterwards: `test/scenes/sharing`. */
import type { Service } from '../../../lib/api/service/service.ts';
import { LEADER_TIMING } from '../../../lib/kube/election/leader-step.ts';
import { EIP_CLAIMS, SERVICES } from '../../../lib/kube/resource.ts';
import { type Answer, WebhookLab } from '../webhook/harness.ts';
import { assigned, eventually, publishedBy, Replica, serviceObject } from './harness.ts';

const EIP = 'eip.openelb.kubesphere.io/v1alpha2';

let lab: WebhookLab;
let replica: Replica | undefined;

beforeAll(async () => {
  lab = await WebhookLab.start(2);
}, 180_000);
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
    expect(spec.holders.map(({ name }) => name).sort()).toEqual(names);
  });
  for (const name of names) await stands(name, '10.8.0.9', 'KeepsFormerAddress');
}, 60_000);
